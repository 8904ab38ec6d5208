//! Each operator of a format string.

use super::{filled, line};
use crate::access_log::samples::{at_server, record};
use longwire_model::access_log::{InvalidTemplate, LogEvent, LogFormat, Template};
use longwire_pipeline::event::{ConnectionId, Traffic};
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::record::FailReason;
use rstest::rstest;
use std::collections::BTreeSet;

fn closed() -> LogRecord {
    let record = record(LogEvent::Close, LogFormat::Json);
    let totals = Traffic { sent: 11, received: 22, retransmitted_bytes: 33, retransmits: 44, lost: 55 };
    LogRecord { totals, id: ConnectionId::Local(7), ..record }
}

/// Operator, and what it says at the client's and at the server's end.
#[rustfmt::skip]
const VALUES: [(&str, &str, &str); 33] = [
    ("START_TIME", "2026-12-01T13:40:00.109Z", "2026-12-01T13:40:00.109Z"),
    ("START_TIME(%s)", "1796132400", "1796132400"),
    ("START_TIME(%s.%6f)", "1796132400.109744", "1796132400.109744"),
    ("EMIT_TIME", "2026-12-01T13:40:00.123Z", "2026-12-01T13:40:00.123Z"),
    ("EMIT_TIME(%s.%3f)", "1796132400.123", "1796132400.123"),
    ("BYTES_RECEIVED", "22", "22"),
    ("BYTES_SENT", "11", "11"),
    ("BYTES_RETRANSMITTED", "33", "33"),
    ("PACKETS_RETRANSMITTED", "44", "44"),
    ("DURATION", "13", "13"),
    ("RESPONSE_FLAGS", "-", "-"),
    ("ACCESS_LOG_TYPE", "TcpConnectionEnd", "TcpConnectionEnd"),
    ("CONNECTION_ID", "local-7", "local-7"),
    ("HOSTNAME", "node-1", "node-2"),
    ("UPSTREAM_HOST", "10.1.2.3:5432", "10.1.2.3:5432"),
    ("UPSTREAM_CLUSTER", "outbound|5433||db.shop.svc.cluster.local", "inbound|5432||"),
    ("UPSTREAM_TRANSPORT_FAILURE_REASON", "-", "-"),
    ("UPSTREAM_REMOTE_ADDRESS", "10.1.2.3:5432", "10.1.2.3:5432"),
    ("UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "10.1.2.3", "10.1.2.3"),
    ("UPSTREAM_REMOTE_PORT", "5432", "5432"),
    ("UPSTREAM_LOCAL_ADDRESS", "10.0.0.1:45784", "10.0.0.1:45784"),
    ("UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", "10.0.0.1", "10.0.0.1"),
    ("UPSTREAM_LOCAL_PORT", "45784", "45784"),
    ("DOWNSTREAM_LOCAL_ADDRESS", "10.96.0.5:5433", "10.1.2.3:5432"),
    ("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", "10.96.0.5", "10.1.2.3"),
    ("DOWNSTREAM_LOCAL_PORT", "5433", "5432"),
    ("DOWNSTREAM_REMOTE_ADDRESS", "10.0.0.1:45784", "10.0.0.1:45784"),
    ("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "10.0.0.1", "10.0.0.1"),
    ("DOWNSTREAM_REMOTE_PORT", "45784", "45784"),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS", "10.0.0.1:45784", "10.0.0.1:45784"),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", "10.0.0.1", "10.0.0.1"),
    ("LONGWIRE(destination_pod)", "db-0", "db-0"),
    ("LONGWIRE(reporter)", "source", "destination"),
];

#[test]
fn each_operator_has_its_value_at_both_ends() {
    for (operator, client, server) in VALUES {
        let template = format!("[%{operator}%]");
        assert_eq!(filled(&closed(), &template), format!("[{client}]"), "{operator}");
        assert_eq!(filled(&at_server(closed()), &template), format!("[{server}]"), "{operator}");
    }
}

#[test]
fn every_operator_is_among_them() {
    let Err(error @ InvalidTemplate::Unknown { .. }) = Template::parse("%NONE%") else { panic!("an unknown operator") };
    let error = error.to_string();
    let (_, known) = error.split_once("known are ").unwrap();
    let name = |operator: &str| operator.split('(').next().unwrap().to_owned();
    let known: BTreeSet<_> = known.split(", ").map(name).collect();
    assert_eq!(known, VALUES.iter().map(|(operator, ..)| name(operator)).collect());
}

#[rstest]
#[case::connect(LogEvent::Connect, "TcpUpstreamConnected - - 0")]
#[case::periodic(LogEvent::Periodic, "TcpPeriodic - - 60000")]
#[case::close(LogEvent::Close, "TcpConnectionEnd - - 13")]
#[case::failed(LogEvent::Failed, "TcpConnectionEnd UF refused 1")]
fn events_have_envoys_names(#[case] event: LogEvent, #[case] expected: &str) {
    let template = "%ACCESS_LOG_TYPE% %RESPONSE_FLAGS% %UPSTREAM_TRANSPORT_FAILURE_REASON% %DURATION%";
    assert_eq!(filled(&record(event, LogFormat::Json), template), expected);
}

#[test]
fn each_failure_has_the_name_of_the_series() {
    for reason in FailReason::ALL {
        let failed = LogRecord { failure: Some(reason), ..record(LogEvent::Failed, LogFormat::Json) };
        assert_eq!(filled(&failed, "%UPSTREAM_TRANSPORT_FAILURE_REASON%"), reason.name());
    }
}

#[test]
fn ipv6_is_in_brackets_where_a_port_follows() {
    let ipv6 = LogRecord { source: "[2001:db8::1]:45784".parse().unwrap(), ..closed() };
    let template = "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_REMOTE_PORT%";
    assert_eq!(filled(&ipv6, template), "[2001:db8::1]:45784 2001:db8::1 45784");
    assert_eq!(filled(&ipv6, "%LONGWIRE(source_address)%"), "[2001:db8::1]:45784");
}

#[test]
fn ipv4_has_its_smallest_and_largest_numbers() {
    for address in ["0.0.0.0:0", "255.255.255.255:65535", "1.20.100.99:80"] {
        let record = LogRecord { source: address.parse().unwrap(), ..closed() };
        assert_eq!(filled(&record, "%DOWNSTREAM_REMOTE_ADDRESS%"), address);
    }
}

#[test]
fn texts_around_operators_stay_as_they_are() {
    let template = "100%% \"\u{e9}\t\\ %BYTES_SENT%%BYTES_RECEIVED%\n";
    assert_eq!(filled(&closed(), template), "100% \"\u{e9}\t\\ 1122");
}

/// Istio's default, as its documentation has it, with `-` and 0 for what only HTTP has.
#[test]
fn istios_format_is_a_format_string() {
    let template = "[%START_TIME%] \"- - -\" 0 %RESPONSE_FLAGS% - - \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" \
                    %BYTES_RECEIVED% %BYTES_SENT% %DURATION% - \"-\" \"-\" \"-\" \"-\" \"%UPSTREAM_HOST%\" \
                    %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% \
                    %DOWNSTREAM_REMOTE_ADDRESS% - -";
    for event in LogEvent::ALL {
        for record in [record(event, LogFormat::Istio), at_server(record(event, LogFormat::Istio))] {
            assert_eq!(line(&record), filled(&record, template));
        }
    }
}
