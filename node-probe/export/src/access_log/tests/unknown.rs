//! Of ends that are not known.

use super::parsed::Parsed;
use super::{filled, line};
use crate::access_log::LineWriter;
use crate::access_log::samples::{record, telemetry};
use longwire_model::access_log::{LogEvent, LogFormat};
use longwire_model::identity::{Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_pipeline::labels::samples::workload;
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::{DestinationService, Edge, Reporter};
use serde_json::json;
use std::sync::Arc;

fn strangers(format: LogFormat) -> LogRecord {
    let destination_service = DestinationService::Unknown;
    let edge = Edge { reporter: Reporter::Source, source: None, destination: None, destination_service };
    LogRecord {
        edge,
        source_pod: None,
        destination_pod: None,
        requested_service: None,
        answered: None,
        cluster: None,
        rtt_us: None,
        min_rtt_us: None,
        ..record(LogEvent::Close, format)
    }
}

/// What the operator sends for what it does not know.
fn nameless(format: LogFormat) -> LogRecord {
    let empty = Workload {
        namespace: String::new(),
        name: String::new(),
        canonical_service: String::new(),
        canonical_revision: String::new(),
        cluster: String::new(),
    };
    let service = Arc::new(Service {
        namespace: String::new(),
        name: String::new(),
        host: String::new(),
        cluster: String::new(),
    });
    let pod = |pod: Option<Arc<Pod>>| {
        pod.map(|pod| Arc::new(Pod { name: String::new(), place: Arc::default(), ..Pod::clone(&pod) }))
    };
    let record = record(LogEvent::Close, format);
    let end = Some(Arc::new(empty));
    let edge = Edge {
        reporter: Reporter::Source,
        source: end.clone(),
        destination: end,
        destination_service: DestinationService::Service(Arc::clone(&service)),
    };
    LogRecord {
        edge,
        source_pod: pod(record.source_pod),
        destination_pod: pod(record.destination_pod),
        requested_service: Some(service),
        ..record
    }
}

const UNKNOWN: [&str; 15] = [
    "source_workload",
    "source_namespace",
    "source_canonical_service",
    "source_pod",
    "source_node",
    "destination_workload",
    "destination_namespace",
    "destination_canonical_service",
    "destination_pod",
    "destination_node",
    "destination_service",
    "destination_service_name",
    "destination_service_namespace",
    "requested_service",
    "destination_address",
];

#[test]
fn no_value_is_empty() {
    for (record, unknown) in [(strangers(LogFormat::Json), &UNKNOWN[..]), (nameless(LogFormat::Json), &UNKNOWN[..14])] {
        let parsed = Parsed::of(&record);
        for name in unknown {
            assert_eq!(parsed.get(name), Some(&json!("unknown")), "{name}");
        }
        for name in ["source_canonical_revision", "destination_canonical_revision"] {
            assert_eq!(parsed.get(name), Some(&json!("latest")), "{name}");
        }
        assert!(parsed.0.iter().all(|(_, value)| *value != json!("")));
    }
}

/// As the series call it.
#[test]
fn a_connection_that_no_service_has_says_where_it_leads() {
    let to = |destination_service| {
        let record = record(LogEvent::Close, LogFormat::Json);
        let edge = Edge { destination_service, destination: Some(workload("db")), ..record.edge };
        let parsed = Parsed::of(&LogRecord { edge, ..record });
        ["destination_service", "destination_service_name", "destination_service_namespace"]
            .map(|name| parsed.get(name).unwrap().as_str().unwrap().to_owned())
    };
    assert_eq!(to(DestinationService::Outside), ["unknown", "PassthroughCluster", "unknown"]);
    assert_eq!(to(DestinationService::Pod), ["unknown", "unknown", "ns"]);
}

#[test]
fn ztunnel_leaves_out_what_is_not_known() {
    let expected = "2026-12-01T13:40:00.123456Z\tinfo\taccess\tconnection complete\tsrc.addr=10.0.0.1:45784 \
                    dst.addr=10.96.0.5:5433 direction=\"outbound\" bytes_sent=108 bytes_recv=406 duration=\"13ms\"";
    assert_eq!(line(&strangers(LogFormat::Ztunnel)), expected);
    assert_eq!(line(&nameless(LogFormat::Ztunnel)), expected.replace("10.96.0.5:5433", "10.1.2.3:5432"));
}

#[test]
fn kmesh_has_a_hyphen_for_what_is_not_known() {
    let expected = "accesslog: 2026-12-01 13:40:00.123456789 +0000 UTC src.addr=10.0.0.1:45784, src.workload=-, \
                    src.namespace=-, dst.addr=10.96.0.5:5433, dst.service=-, dst.workload=-, dst.namespace=-, \
                    start_time=2026-12-01 13:40:00.109744444 +0000 UTC, direction=OUTBOUND, state=BPF_TCP_CLOSE, \
                    sent_bytes=108, received_bytes=406, packet_loss=1, retransmissions=2, srtt=0us, min_rtt=0us, \
                    duration=13.712345ms";
    assert_eq!(line(&strangers(LogFormat::Kmesh)), expected);
    let known = expected.replace("10.96.0.5:5433", "10.1.2.3:5432");
    let known = known.replace("srtt=0us, min_rtt=0us", "srtt=345us, min_rtt=120us");
    assert_eq!(line(&nameless(LogFormat::Kmesh)), known);
}

#[test]
fn istio_has_a_hyphen_for_what_is_not_known() {
    let expected = "[2026-12-01T13:40:00.109Z] \"- - -\" 0 - - - \"-\" 108 406 13 - \"-\" \"-\" \"-\" \"-\" \"-\" - \
                    10.0.0.1:45784 10.96.0.5:5433 10.0.0.1:45784 - -";
    assert_eq!(line(&strangers(LogFormat::Istio)), expected);
}

#[test]
fn a_format_string_has_a_hyphen_for_what_is_not_known() {
    let unset = "%UPSTREAM_HOST% %UPSTREAM_REMOTE_ADDRESS% %UPSTREAM_REMOTE_PORT% %UPSTREAM_CLUSTER% %HOSTNAME%";
    assert_eq!(filled(&strangers(LogFormat::Json), unset), "- - - - -");
    assert_eq!(filled(&nameless(LogFormat::Json), "%HOSTNAME%"), "-");
}

#[test]
fn a_record_without_a_format_has_no_line() {
    let silent = Arc::new(Telemetry { access_log: None, ..Telemetry::plain(SeriesSets::default()) });
    let mut written = Vec::new();
    let mut writer = LineWriter::default();
    writer.write(&LogRecord { telemetry: silent, ..record(LogEvent::Close, LogFormat::Json) }, &mut written);
    assert_eq!(written, b"");
    let loud = LogRecord { telemetry: telemetry(LogFormat::Json), ..record(LogEvent::Close, LogFormat::Json) };
    writer.write(&loud, &mut written);
    assert_ne!(written, b"");
}
