//! The JSON format against the table of fields.

use super::parsed::Parsed;
use super::{filled, line};
use crate::access_log::samples::{at_server, record};
use longwire_model::access_log::{Field, Kind, LogEvent, LogFormat};
use longwire_pipeline::event::{ConnectionId, Traffic};
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::Reporter;
use longwire_pipeline::record::{CloseReason, FailReason};
use rstest::rstest;
use serde_json::{Value, json};

/// Of the sample, never to be another: two nodes may run two releases.
pub(super) const ID: &str = "4d125d5b865f3297f20fd18659ed5bb7";

/// Each field that a line may be without is there, and no two numbers are equal.
fn full() -> LogRecord {
    LogRecord {
        totals: Traffic { sent: u64::MAX, received: 22, retransmitted_bytes: 33, retransmits: 44, lost: 55 },
        new: Traffic { sent: 66, received: 77, retransmitted_bytes: 88, retransmits: 99, lost: 111 },
        failure: Some(FailReason::NeverSent),
        close_reason: Some(CloseReason::Timeout),
        connections: 5,
        suppressed: 6,
        ..record(LogEvent::Close, LogFormat::Json)
    }
}

#[test]
fn each_field_has_its_name_its_place_and_its_value() {
    let expected = [
        ("time", json!("2026-12-01T13:40:00.123456Z")),
        ("type", json!("End")),
        ("id", json!(ID)),
        ("reporter", json!("source")),
        ("source_workload", json!("web")),
        ("source_namespace", json!("shop")),
        ("source_canonical_service", json!("web-app")),
        ("source_canonical_revision", json!("v1")),
        ("source_pod", json!("web-0")),
        ("source_node", json!("node-1")),
        ("source_address", json!("10.0.0.1:45784")),
        ("destination_workload", json!("db")),
        ("destination_namespace", json!("shop")),
        ("destination_canonical_service", json!("db-app")),
        ("destination_canonical_revision", json!("v1")),
        ("destination_pod", json!("db-0")),
        ("destination_node", json!("node-2")),
        ("destination_address", json!("10.1.2.3:5432")),
        ("destination_service", json!("db.shop.svc.cluster.local")),
        ("destination_service_name", json!("db")),
        ("destination_service_namespace", json!("shop")),
        ("requested_service", json!("db.shop.svc.cluster.local")),
        ("requested_address", json!("10.96.0.5:5433")),
        ("start_time", json!("2026-12-01T13:40:00.109744Z")),
        ("duration_us", json!(13_712)),
        ("sent_bytes", json!(u64::MAX)),
        ("received_bytes", json!(22)),
        ("new_sent_bytes", json!(66)),
        ("new_received_bytes", json!(77)),
        ("retransmitted_bytes", json!(33)),
        ("retransmits", json!(44)),
        ("lost_packets", json!(55)),
        ("rtt_us", json!(345)),
        ("min_rtt_us", json!(120)),
        ("handshake_us", json!(210)),
        ("closed_by", json!("destination")),
        ("close_reason", json!("timeout")),
        ("failure_reason", json!("never_sent")),
        ("connections", json!(5)),
        ("suppressed", json!(6)),
    ];
    assert_eq!(expected.len(), Field::ALL.len());
    assert_eq!(Parsed::of(&full()).0, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn names_order_and_types_are_those_of_the_table() {
    let parsed = Parsed::of(&full());
    assert_eq!(parsed.names(), Field::ALL.map(Field::name));
    for (field, (name, value)) in Field::ALL.into_iter().zip(&parsed.0) {
        match field.kind() {
            Kind::String => assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{name}: {value}"),
            Kind::Integer => assert!(value.is_u64(), "{name}: {value}"),
        }
    }
}

/// Exactly those whose description says when.
#[test]
fn a_line_is_without_what_the_table_says_may_be_absent() {
    let bare = LogRecord {
        rtt_us: None,
        min_rtt_us: None,
        handshake: None,
        closed_by: None,
        close_reason: None,
        failure: None,
        connections: 1,
        suppressed: 0,
        ..full()
    };
    let always = Field::ALL.into_iter().filter(|field| !field.help().contains("absent:"));
    assert_eq!(Parsed::of(&bare).names(), always.map(Field::name).collect::<Vec<_>>());
}

#[rstest]
#[case::rtt("rtt_us", LogRecord { rtt_us: None, ..full() })]
#[case::least_rtt("min_rtt_us", LogRecord { min_rtt_us: None, ..full() })]
#[case::handshake("handshake_us", LogRecord { handshake: None, ..full() })]
#[case::closer("closed_by", LogRecord { closed_by: None, ..full() })]
#[case::reason("close_reason", LogRecord { close_reason: None, ..full() })]
#[case::failure("failure_reason", LogRecord { failure: None, ..full() })]
#[case::one("connections", LogRecord { connections: 1, ..full() })]
#[case::none_suppressed("suppressed", LogRecord { suppressed: 0, ..full() })]
fn one_that_is_absent_takes_no_other_with_it(#[case] absent: &str, #[case] record: LogRecord) {
    let others: Vec<_> = Field::ALL.into_iter().map(Field::name).filter(|name| *name != absent).collect();
    assert_eq!(Parsed::of(&record).names(), others);
}

#[rstest]
#[case::shared(full().id, ID)]
#[case::local(ConnectionId::Local(u64::MAX), "local-18446744073709551615")]
#[case::several(ConnectionId::Several, "unknown")]
fn ids_are_hexadecimal_or_say_that_they_are_local(#[case] id: ConnectionId, #[case] expected: &str) {
    assert_eq!(Parsed::of(&LogRecord { id, ..full() }).get("id"), Some(&json!(expected)));
    if let ConnectionId::Shared(id) = id {
        assert_eq!(id.to_string(), expected);
    }
}

#[test]
fn sent_and_received_are_the_servers_view_whichever_end_reports() {
    for record in [full(), at_server(full())] {
        let parsed = Parsed::of(&record);
        let bytes = ["sent_bytes", "received_bytes"].map(|name| parsed.get(name).unwrap().as_u64().unwrap());
        assert_eq!(bytes, [u64::MAX, 22]);
        assert_eq!(parsed.get("closed_by"), Some(&json!("destination")));
    }
    assert_eq!(Parsed::of(&at_server(full())).get("reporter"), Some(&json!("destination")));
    let by_client = LogRecord { closed_by: Some(Reporter::Source), ..full() };
    assert_eq!(Parsed::of(&by_client).get("closed_by"), Some(&json!("source")));
}

#[test]
fn a_format_string_has_each_field_as_json_has_it_without_quotes() {
    let bare = LogRecord { rtt_us: None, closed_by: None, connections: 1, ..full() };
    for record in [full(), bare] {
        let parsed = Parsed::of(&record);
        for field in Field::ALL {
            let expected = match parsed.get(field.name()) {
                Some(Value::String(text)) => text.clone(),
                Some(number) => number.to_string(),
                None => "-".to_owned(),
            };
            assert_eq!(filled(&record, &format!("%LONGWIRE({})%", field.name())), expected, "{}", field.name());
        }
    }
}

#[test]
fn nothing_stands_between_the_values() {
    assert!(line(&full()).starts_with("{\"time\":\"2026-12-01T13:40:00.123456Z\",\"type\":\"End\",\"id\":\""));
}
