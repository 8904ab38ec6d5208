//! The table, which is also the documentation.

use super::{attributes, encoded, sample};
use crate::otlp::logs;
use crate::otlp::proto::common::v1::any_value;
use longwire_model::access_log::{Field, Kind, LogEvent};
use longwire_model::identity::Pod;
use longwire_pipeline::event::ConnectionId;
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::{DestinationService, Edge};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[test]
fn every_field_of_the_access_log_is_in_the_table_or_of_the_record_itself() {
    let mut said: BTreeSet<_> = logs::attributes().filter_map(|row| row.field).collect();
    // The observed time, and the name of the event.
    said.extend([Field::Time, Field::Type]);
    assert_eq!(said, Field::ALL.into_iter().collect());
}

#[test]
fn names_are_unique_and_of_ours_have_the_field_in_them() {
    let names: BTreeSet<_> = logs::attributes().map(|row| row.name).collect();
    assert_eq!(names.len(), logs::attributes().len());
    for row in logs::attributes() {
        assert!(row.name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._8".contains(&byte)), "{}", row.name);
        assert!(!row.meaning.is_empty() && !row.meaning.contains(['\n', '|']), "{}", row.name);
        if let (Some(own), Some(field)) = (row.name.strip_prefix("longwire."), row.field) {
            assert!(own.starts_with(field.name()), "{own}");
        }
    }
}

/// With all that a record can have.
fn full() -> LogRecord {
    let sample = sample(LogEvent::Close);
    let failure = super::sample(LogEvent::Failed).failure;
    LogRecord { failure, connections: 2, suppressed: 3, ..sample }
}

#[test]
fn a_value_is_of_the_kind_that_the_table_says() {
    let kinds: BTreeMap<_, _> = logs::attributes().map(|row| (row.name, row.kind)).collect();
    let record = encoded(&full());
    assert_eq!(record.attributes.len(), kinds.len(), "an attribute that no record has");
    for pair in record.attributes {
        let kind = match pair.value.unwrap().value.unwrap() {
            any_value::Value::StringValue(_) => Kind::String,
            any_value::Value::IntValue(_) => Kind::Integer,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, kinds[pair.key.as_str()], "{}", pair.key);
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let record = full();
    let edge =
        Edge { source: None, destination: None, destination_service: DestinationService::Unknown, ..record.edge };
    let nameless = |pod: Option<Arc<Pod>>| pod.map(|pod| Arc::new(Pod { name: String::new(), ..Pod::clone(&pod) }));
    let record = LogRecord {
        edge,
        id: ConnectionId::Several,
        source_pod: nameless(record.source_pod),
        destination_pod: None,
        requested_service: None,
        answered: None,
        rtt_us: None,
        min_rtt_us: None,
        handshake: None,
        closed_by: None,
        close_reason: None,
        failure: None,
        connections: 1,
        suppressed: 0,
        ..record
    };
    let names: Vec<_> = attributes(&record).into_keys().collect();
    let expected = [
        "client.address",
        "client.port",
        "longwire.duration_us",
        "longwire.lost_packets",
        "longwire.new_received_bytes",
        "longwire.new_sent_bytes",
        "longwire.received_bytes",
        "longwire.reporter",
        "longwire.retransmits",
        "longwire.retransmitted_bytes",
        "longwire.sent_bytes",
        "longwire.start_time_unix_nano",
        "network.transport",
        "network.type",
        "server.address",
        "server.port",
        "source.address",
        "source.k8s.node.name",
        "source.port",
    ];
    assert_eq!(names, expected);
}

#[test]
fn an_address_of_ipv6_has_no_brackets_and_one_that_is_mapped_is_of_ipv4() {
    let record = full();
    let client = "[2001:db8::1]:4000".parse().unwrap();
    let read = attributes(&LogRecord { source: client, ..record.clone() });
    assert_eq!((read["source.address"].as_str(), read["network.type"].as_str()), ("2001:db8::1", "ipv6"));
    let mapped = "[::ffff:10.0.0.9]:4000".parse().unwrap();
    let read = attributes(&LogRecord { source: mapped, ..record });
    assert_eq!(read["network.type"], "ipv4");
}
