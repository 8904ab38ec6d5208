//! A line of each format for each event.

use super::{filled, line};
use crate::access_log::samples::{at_server, record};
use longwire_model::access_log::{LogEvent, LogFormat};
use rstest::rstest;

#[rstest]
#[case::connect(
    LogEvent::Connect,
    "[2026-12-01T13:40:00.123Z] \"- - -\" 0 - - - \"-\" 0 0 0 - \"-\" \"-\" \"-\" \"-\" \"10.1.2.3:5432\" \
     outbound|5433||db.shop.svc.cluster.local 10.0.0.1:45784 10.96.0.5:5433 10.0.0.1:45784 - -"
)]
#[case::periodic(
    LogEvent::Periodic,
    "[2026-12-01T13:39:00.123Z] \"- - -\" 0 - - - \"-\" 108 406 60000 - \"-\" \"-\" \"-\" \"-\" \"10.1.2.3:5432\" \
     outbound|5433||db.shop.svc.cluster.local 10.0.0.1:45784 10.96.0.5:5433 10.0.0.1:45784 - -"
)]
#[case::close(
    LogEvent::Close,
    "[2026-12-01T13:40:00.109Z] \"- - -\" 0 - - - \"-\" 108 406 13 - \"-\" \"-\" \"-\" \"-\" \"10.1.2.3:5432\" \
     outbound|5433||db.shop.svc.cluster.local 10.0.0.1:45784 10.96.0.5:5433 10.0.0.1:45784 - -"
)]
#[case::failed(
    LogEvent::Failed,
    "[2026-12-01T13:40:00.122Z] \"- - -\" 0 UF - - \"refused\" 0 0 1 - \"-\" \"-\" \"-\" \"-\" \"-\" \
     outbound|5433||db.shop.svc.cluster.local 10.0.0.1:45784 10.96.0.5:5433 10.0.0.1:45784 - -"
)]
fn istios_lines(#[case] event: LogEvent, #[case] expected: &str) {
    assert_eq!(line(&record(event, LogFormat::Istio)), expected);
}

#[rstest]
#[case::connect(LogEvent::Connect, "debug\taccess\tconnection opened", "10.1.2.3:5432", "")]
#[case::periodic(
    LogEvent::Periodic,
    "info\taccess\tconnection open",
    "10.1.2.3:5432",
    " bytes_sent=108 bytes_recv=406 duration=\"60000ms\""
)]
#[case::close(
    LogEvent::Close,
    "info\taccess\tconnection complete",
    "10.1.2.3:5432",
    " bytes_sent=108 bytes_recv=406 duration=\"13ms\""
)]
#[case::failed(
    LogEvent::Failed,
    "error\taccess\tconnection complete",
    "10.96.0.5:5433",
    " bytes_sent=0 bytes_recv=0 duration=\"1ms\" error=\"refused\""
)]
fn ztunnels_lines(#[case] event: LogEvent, #[case] head: &str, #[case] server: &str, #[case] end: &str) {
    let expected = format!(
        "2026-12-01T13:40:00.123456Z\t{head}\tsrc.addr=10.0.0.1:45784 src.workload=\"web-0\" src.namespace=\"shop\" \
         dst.addr={server} dst.service=\"db.shop.svc.cluster.local\" dst.workload=\"db-0\" dst.namespace=\"shop\" \
         direction=\"outbound\"{end}"
    );
    assert_eq!(line(&record(event, LogFormat::Ztunnel)), expected);
}

#[rstest]
#[case::connect(
    LogEvent::Connect,
    "10.1.2.3:5432",
    "13:40:00.12320579",
    "BPF_TCP_ESTABLISHED, sent_bytes=0, received_bytes=0, packet_loss=0, retransmissions=0, srtt=345us, min_rtt=120us, \
     duration=0.250999ms"
)]
#[case::periodic(
    LogEvent::Periodic,
    "10.1.2.3:5432",
    "13:39:00.12320579",
    "BPF_TCP_ESTABLISHED, sent_bytes=108, received_bytes=406, packet_loss=1, retransmissions=2, srtt=345us, \
     min_rtt=120us, duration=60000.250999ms"
)]
#[case::close(
    LogEvent::Close,
    "10.1.2.3:5432",
    "13:40:00.109744444",
    "BPF_TCP_CLOSE, sent_bytes=108, received_bytes=406, packet_loss=1, retransmissions=2, srtt=345us, min_rtt=120us, \
     duration=13.712345ms"
)]
#[case::failed(
    LogEvent::Failed,
    "10.96.0.5:5433",
    "13:40:00.122456789",
    "BPF_TCP_CLOSE, sent_bytes=0, received_bytes=0, packet_loss=0, retransmissions=0, srtt=0us, min_rtt=0us, \
     duration=1ms"
)]
fn kmeshs_lines(#[case] event: LogEvent, #[case] server: &str, #[case] start: &str, #[case] end: &str) {
    let expected = format!(
        "accesslog: 2026-12-01 13:40:00.123456789 +0000 UTC src.addr=10.0.0.1:45784, src.workload=web-0, \
         src.namespace=shop, dst.addr={server}, dst.service=db.shop.svc.cluster.local, dst.workload=db-0, \
         dst.namespace=shop, start_time=2026-12-01 {start} +0000 UTC, direction=OUTBOUND, state={end}"
    );
    assert_eq!(line(&record(event, LogFormat::Kmesh)), expected);
}

#[rstest]
#[case::connect(LogEvent::Connect, "Connect web -> db 0/0 345 -")]
#[case::periodic(LogEvent::Periodic, "Periodic web -> db 400/406 345 -")]
#[case::close(LogEvent::Close, "End web -> db 400/406 345 fin")]
#[case::failed(LogEvent::Failed, "Failed web -> db 0/0 - -")]
fn lines_of_a_format_string(#[case] event: LogEvent, #[case] expected: &str) {
    let template = "%LONGWIRE(type)% %LONGWIRE(source_workload)% -> %LONGWIRE(destination_workload)% \
                    %LONGWIRE(new_sent_bytes)%/%BYTES_SENT% %LONGWIRE(rtt_us)% %LONGWIRE(close_reason)%";
    assert_eq!(filled(&record(event, LogFormat::Json), template), expected);
}

#[rstest]
#[case::connect(
    LogEvent::Connect,
    "Connect",
    "\"start_time\":\"2026-12-01T13:40:00.123205Z\",\"duration_us\":250,\"sent_bytes\":0,\"received_bytes\":0,\
     \"new_sent_bytes\":0,\"new_received_bytes\":0,\"retransmitted_bytes\":0,\"retransmits\":0,\"lost_packets\":0,\
     \"rtt_us\":345,\"min_rtt_us\":120,\"handshake_us\":210}"
)]
#[case::periodic(
    LogEvent::Periodic,
    "Periodic",
    "\"start_time\":\"2026-12-01T13:39:00.123205Z\",\"duration_us\":60000250,\"sent_bytes\":406,\
     \"received_bytes\":108,\"new_sent_bytes\":400,\"new_received_bytes\":100,\"retransmitted_bytes\":30,\
     \"retransmits\":2,\"lost_packets\":1,\"rtt_us\":345,\"min_rtt_us\":120,\"handshake_us\":210}"
)]
#[case::close(
    LogEvent::Close,
    "End",
    "\"start_time\":\"2026-12-01T13:40:00.109744Z\",\"duration_us\":13712,\"sent_bytes\":406,\"received_bytes\":108,\
     \"new_sent_bytes\":400,\"new_received_bytes\":100,\"retransmitted_bytes\":30,\"retransmits\":2,\"lost_packets\":1,\
     \"rtt_us\":345,\"min_rtt_us\":120,\"handshake_us\":210,\"closed_by\":\"destination\",\"close_reason\":\"fin\"}"
)]
#[case::failed(
    LogEvent::Failed,
    "Failed",
    "\"start_time\":\"2026-12-01T13:40:00.122456Z\",\"duration_us\":1000,\"sent_bytes\":0,\"received_bytes\":0,\
     \"new_sent_bytes\":0,\"new_received_bytes\":0,\"retransmitted_bytes\":0,\"retransmits\":0,\"lost_packets\":0,\
     \"failure_reason\":\"refused\"}"
)]
fn lines_of_json(#[case] event: LogEvent, #[case] title: &str, #[case] end: &str) {
    let record = record(event, LogFormat::Json);
    let (id, server) = match event {
        LogEvent::Failed => ("local-7".to_owned(), "unknown"),
        LogEvent::Connect | LogEvent::Periodic | LogEvent::Close => (super::fields::ID.to_owned(), "10.1.2.3:5432"),
    };
    let expected = format!(
        "{{\"time\":\"2026-12-01T13:40:00.123456Z\",\"type\":\"{title}\",\"id\":\"{id}\",\"reporter\":\"source\",\
         \"source_workload\":\"web\",\"source_namespace\":\"shop\",\"source_canonical_service\":\"web-app\",\
         \"source_canonical_revision\":\"v1\",\"source_pod\":\"web-0\",\"source_node\":\"node-1\",\
         \"source_address\":\"10.0.0.1:45784\",\"destination_workload\":\"db\",\"destination_namespace\":\"shop\",\
         \"destination_canonical_service\":\"db-app\",\"destination_canonical_revision\":\"v1\",\
         \"destination_pod\":\"db-0\",\"destination_node\":\"node-2\",\"destination_address\":\"{server}\",\
         \"destination_service\":\"db.shop.svc.cluster.local\",\"destination_service_name\":\"db\",\
         \"destination_service_namespace\":\"shop\",\"requested_service\":\"db.shop.svc.cluster.local\",\
         \"requested_address\":\"10.96.0.5:5433\",{end}"
    );
    assert_eq!(line(&record), expected);
}

#[test]
fn at_the_servers_end_bytes_are_the_servers_and_the_direction_is_inbound() {
    let at_server = |format| line(&at_server(record(LogEvent::Close, format)));
    let ztunnel = at_server(LogFormat::Ztunnel);
    assert!(ztunnel.ends_with("direction=\"inbound\" bytes_sent=406 bytes_recv=108 duration=\"13ms\""), "{ztunnel}");
    let kmesh = at_server(LogFormat::Kmesh);
    assert!(
        kmesh.contains(", direction=INBOUND, state=BPF_TCP_CLOSE, sent_bytes=406, received_bytes=108, "),
        "{kmesh}"
    );
    let istio = at_server(LogFormat::Istio);
    let expected = " 108 406 13 - \"-\" \"-\" \"-\" \"-\" \"10.1.2.3:5432\" inbound|5432|| 10.0.0.1:45784 \
                    10.1.2.3:5432 10.0.0.1:45784 - -";
    assert!(istio.ends_with(expected), "{istio}");
}

#[test]
fn the_page_on_logs_shows_a_line_of_each_format() {
    const PAGE: &str = include_str!("../../../../../docs/logs-and-exports.md");
    for format in [LogFormat::Json, LogFormat::Istio, LogFormat::Ztunnel, LogFormat::Kmesh] {
        let line = line(&record(LogEvent::Close, format));
        assert!(PAGE.lines().any(|shown| shown == line), "the page lacks\n{line}");
    }
}
