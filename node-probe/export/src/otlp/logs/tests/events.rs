//! What a record says beside its attributes.

use super::{encoded, sample, text};
use crate::otlp::logs::event_name;
use crate::otlp::proto::logs::v1;
use longwire_model::access_log::LogEvent;
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::{DestinationService, Edge};
use longwire_pipeline::record::CloseReason;
use rstest::rstest;

/// When the record is made.
const NOW: u64 = 1_796_132_400_123_456_789;

#[rstest]
#[case::connect(LogEvent::Connect, "longwire.tcp.connect", 250_999, (9, "INFO"))]
#[case::periodic(LogEvent::Periodic, "longwire.tcp.periodic", 0, (9, "INFO"))]
#[case::close(LogEvent::Close, "longwire.tcp.close", 0, (9, "INFO"))]
#[case::failed(LogEvent::Failed, "longwire.tcp.failed", 0, (13, "WARN"))]
fn an_event_has_its_name_its_time_and_its_severity(
    #[case] event: LogEvent,
    #[case] name: &str,
    #[case] before: u64,
    #[case] severity: (i32, &str),
) {
    let read = encoded(&sample(event));
    let expected = v1::LogRecord {
        time_unix_nano: NOW - before,
        observed_time_unix_nano: NOW,
        severity_number: severity.0,
        severity_text: severity.1.to_owned(),
        body: read.body.clone(),
        attributes: read.attributes.clone(),
        event_name: name.to_owned(),
        ..v1::LogRecord::default()
    };
    assert_eq!((read, event_name(event)), (expected, name));
}

#[test]
fn an_end_is_at_its_time_even_if_its_record_is_made_later() {
    let record = LogRecord { time: NOW + 3_000, ..sample(LogEvent::Close) };
    let read = encoded(&record);
    assert_eq!((read.time_unix_nano, read.observed_time_unix_nano), (NOW, NOW + 3_000));
}

#[test]
fn nothing_happens_after_it_was_observed() {
    let record = LogRecord { duration: u64::MAX, ..sample(LogEvent::Close) };
    assert_eq!(encoded(&record).time_unix_nano, NOW);
}

#[rstest]
#[case(LogEvent::Connect, "web-0 connected to db.shop.svc.cluster.local:5433")]
#[case(LogEvent::Periodic, "web-0 is connected to db.shop.svc.cluster.local:5433 for 60000 ms")]
#[case(LogEvent::Close, "web-0 was connected to db.shop.svc.cluster.local:5433 for 13 ms: fin")]
#[case(LogEvent::Failed, "web-0 failed to connect to db.shop.svc.cluster.local:5433 after 1 ms: refused")]
fn a_body_says_it_in_words(#[case] event: LogEvent, #[case] expected: &str) {
    assert_eq!(text(encoded(&sample(event)).body.as_ref()), expected);
}

#[test]
fn a_body_has_addresses_where_no_names_are_known() {
    let record = sample(LogEvent::Close);
    let edge =
        Edge { source: None, destination: None, destination_service: DestinationService::Unknown, ..record.edge };
    let record = LogRecord {
        edge,
        source_pod: None,
        destination_pod: None,
        requested_service: None,
        source: ([0, 0, 0, 0, 0, 0, 0, 1], 1).into(),
        close_reason: Some(CloseReason::Reset),
        ..record
    };
    assert_eq!(text(encoded(&record).body.as_ref()), "::1 was connected to 10.96.0.5:5433 for 13 ms: reset");
}
