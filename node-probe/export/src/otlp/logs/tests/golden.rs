//! Whole records, attribute for attribute.

use super::{attributes, encoded, sample};
use crate::access_log::samples::at_server;
use longwire_model::access_log::LogEvent;

const SHARED: [(&str, &str); 37] = [
    ("client.address", "10.0.0.1"),
    ("client.port", "45784"),
    ("destination.address", "10.1.2.3"),
    ("destination.k8s.namespace.name", "shop"),
    ("destination.k8s.node.name", "node-2"),
    ("destination.k8s.pod.name", "db-0"),
    ("destination.k8s.service.host", "db.shop.svc.cluster.local"),
    ("destination.k8s.service.name", "db"),
    ("destination.k8s.service.namespace", "shop"),
    ("destination.k8s.workload.name", "db"),
    ("destination.port", "5432"),
    ("destination.service.name", "db-app"),
    ("destination.service.version", "v1"),
    ("longwire.duration_us", "13712"),
    ("longwire.lost_packets", "1"),
    ("longwire.min_rtt_us", "120"),
    ("longwire.new_received_bytes", "100"),
    ("longwire.new_sent_bytes", "400"),
    ("longwire.received_bytes", "108"),
    ("longwire.retransmits", "2"),
    ("longwire.retransmitted_bytes", "30"),
    ("longwire.rtt_us", "345"),
    ("longwire.sent_bytes", "406"),
    ("longwire.start_time_unix_nano", "1796132400109744444"),
    ("longwire.closed_by", "destination"),
    ("longwire.close_reason", "fin"),
    ("longwire.handshake_us", "210"),
    ("network.transport", "tcp"),
    ("network.type", "ipv4"),
    ("server.k8s.service.host", "db.shop.svc.cluster.local"),
    ("source.address", "10.0.0.1"),
    ("source.k8s.namespace.name", "shop"),
    ("source.k8s.node.name", "node-1"),
    ("source.k8s.pod.name", "web-0"),
    ("source.k8s.workload.name", "web"),
    ("source.port", "45784"),
    ("source.service.name", "web-app"),
];

/// With what differs between the two ends.
fn check(record: &longwire_pipeline::log::LogRecord, own: &[(&str, &str)]) {
    let mut read = attributes(record);
    let id = read.remove("longwire.id").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    let mut expected: Vec<_> =
        SHARED.into_iter().chain([("source.service.version", "v1")]).chain(own.iter().copied()).collect();
    expected.sort_unstable();
    let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(read, expected);
}

#[test]
fn the_clients_end_says_what_was_requested_and_who_answered() {
    let own = [("longwire.reporter", "source"), ("server.address", "10.96.0.5"), ("server.port", "5433")];
    check(&sample(LogEvent::Close), &own);
}

#[test]
fn the_servers_end_says_the_same_of_its_own_address() {
    let own = [("longwire.reporter", "destination"), ("server.address", "10.1.2.3"), ("server.port", "5432")];
    check(&at_server(sample(LogEvent::Close)), &own);
}

#[test]
fn both_ends_have_one_id() {
    let record = sample(LogEvent::Close);
    assert_eq!(attributes(&record)["longwire.id"], attributes(&at_server(record))["longwire.id"]);
}

#[test]
fn a_failure_has_its_reason_as_the_type_of_an_error_and_no_address_that_answered() {
    let read = attributes(&sample(LogEvent::Failed));
    assert_eq!(read["error.type"], "refused");
    assert_eq!(read["longwire.id"], "local-7");
    let absent =
        ["destination.address", "destination.port", "longwire.rtt_us", "longwire.handshake_us", "longwire.closed_by"];
    assert!(absent.iter().all(|name| !read.contains_key(*name)), "{read:?}");
}

#[test]
fn attributes_stand_in_the_order_of_their_table() {
    let record = encoded(&sample(LogEvent::Close));
    let names: Vec<_> = record.attributes.iter().map(|pair| pair.key.as_str()).collect();
    let known: Vec<_> =
        crate::otlp::logs::attributes().map(|row| row.name).filter(|name| names.contains(name)).collect();
    assert_eq!(names, known);
}
