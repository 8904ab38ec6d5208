use super::*;
use rstest::rstest;
use serde_json::json;

fn closed() -> Connection {
    serde_json::from_value(json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection", "metadata": {"name": "c"},
        "spec": {
            "source": {"namespace": "shop", "pod": "web-1", "workload": "web", "node": "n1", "zone": "a", "address": "10.0.0.1", "port": 45786},
            "destination": {"namespace": "db", "pod": "pg-0", "address": "10.0.0.2", "port": 5432},
            "service": {"name": "pg", "namespace": "db", "host": "pg.db.svc.cluster.local", "port": 5432},
        },
        "status": {
            "phase": "Closed", "reason": "reset", "closedBy": "destination", "durationMilliseconds": 2500,
            "bytes": {"fromSource": 10, "fromDestination": 2000}, "handshakeMicroseconds": 70,
            "source": {"rttMicroseconds": 300, "retransmits": 2, "retransmittedBytes": 90, "lostPackets": 1},
            "destination": {"rttMicroseconds": 400, "retransmits": 3},
        },
    }))
    .unwrap()
}

#[rstest]
#[case::ends("source.pod == 'web-1' && source.workload == 'web' && source.node == 'n1' && source.zone == 'a'")]
#[case::the_other_end("destination.namespace == 'db' && destination.workload == 'unknown'")]
#[case::addresses("source.address + ':' + string(source.port) == '10.0.0.1:45786' && connection.ip_family == 'ipv4'")]
#[case::service("destination.service.name == 'pg' && destination.service.host.endsWith('.svc.cluster.local')")]
#[case::requested("destination.service.requested.name == 'pg' && destination.service.requested.namespace == 'db'")]
#[case::traffic("connection.received_bytes == 10 && connection.sent_bytes == 2000")]
#[case::of_both_ends(
    "connection.retransmits == 5 && connection.retransmitted_bytes == 90 && connection.lost_packets == 1"
)]
#[case::times("connection.duration == duration('2500ms') && connection.rtt == 300 && connection.handshake == 70")]
#[case::words(
    "connection.event == 'close' && connection.closed_by == 'destination' && connection.close_reason == 'reset'"
)]
#[case::not_failed("connection.failure_reason == 'unknown' && connection.reporter == 'source'")]
fn a_filter_reads_what_the_api_has(#[case] filter: &str) {
    assert!(Filter::parse(filter).unwrap().holds(What::Close, &closed()), "{filter}");
    let other = format!("!({filter})");
    assert!(!Filter::parse(&other).unwrap().holds(What::Close, &closed()), "{other}");
}

#[rstest]
#[case::label(
    "'app' in source.labels",
    "the live API does not say which end has the label \"app\": select it with -l instead"
)]
#[case::not_served(
    "source.port > 1 || source.region == 'eu'",
    "the live API does not have source.region: filter by another attribute"
)]
#[case::no_condition("source.pod", "")]
#[case::syntax("source.pod ==", "")]
fn what_cannot_be_read_is_refused(#[case] filter: &str, #[case] expected: &str) {
    let error = Filter::parse(filter).unwrap_err();
    assert!(!error.is_empty() && error.starts_with(expected), "{error}");
}

#[test]
fn every_attribute_is_served_or_refused() {
    for attribute in Attribute::ALL {
        let filter = Filter::parse(&format!("{} == 'x'", attribute.name()));
        assert_eq!(filter.is_ok(), is_served(attribute), "{filter:?}");
    }
}
