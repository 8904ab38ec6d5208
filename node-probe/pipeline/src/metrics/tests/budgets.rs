//! What happens when there is no room.

use super::shown::scrape;
use super::{ALL, ISTIO, LONGWIRE, roomy};
use crate::labels::ConnectionLabels;
use crate::labels::samples::{edge, flow};
use crate::metrics::samples::{hold_edge, hold_flow, plain};
use crate::metrics::{Budget, CONNECTION, SeriesHandles, SeriesStore};
use crate::observation::{Delta, DestinationService, Edge, Reporter};
use crate::record::FailReason;
use longwire_model::identity::{Service, Workload};
use longwire_model::series::{Metric, Metrics};
use longwire_model::telemetry::NodeSettings;
use std::sync::Arc;

/// What the overflow sets take, what an edge does at most, and what it does from its first connection.
pub(super) const RESERVED: usize = 2 * (EDGE + LOCALITY + WORKLOAD) + CLUSTER;
pub(super) const EDGE: usize = 30;
pub(super) const AT_ONCE: usize = 7;
const ISTIOS: usize = 4;
const LOCALITY: usize = 2;
const WORKLOAD: usize = 6;
const CLUSTER: usize = 8;
const RTT: usize = 6;
const OVERFLOW: [(&str, &str); 2] = [("source_workload", "overflow"), ("destination_cluster", "overflow")];
pub(super) const OPENED: Delta = Delta {
    sent: 0,
    received: 0,
    retransmitted_bytes: 0,
    retransmits: 0,
    lost: 0,
    opened: 1,
    closed: 0,
    closed_by_remote: 0,
    failed: None,
    rtt_us: None,
    handshake: None,
    duration: None,
};

fn with_room_for(edges: usize) -> SeriesStore {
    SeriesStore::new(Budget::undivided(RESERVED + edges * AT_ONCE, 3))
}

#[test]
fn beyond_the_budget_edges_are_counted_in_their_reporters_overflow() {
    let mut store = with_room_for(1);
    for reporter in [Reporter::Source, Reporter::Destination] {
        for client in ["a", "b", "c"] {
            let held = hold_edge(&mut store, &edge(reporter, client, "server"), ALL, 0);
            store.record(&held, reporter, &OPENED, 0);
        }
    }
    let scrape = scrape(&mut store);
    let opened = |labels: &[(&str, &str)]| scrape.sum("istio_tcp_connections_opened_total", labels);
    assert_eq!(opened(&[("source_workload", "a"), ("reporter", "source")]), 1);
    assert_eq!(opened(&[("reporter", "source"), OVERFLOW[0], OVERFLOW[1]]), 2);
    assert_eq!(opened(&[("reporter", "destination"), OVERFLOW[0], OVERFLOW[1]]), 3);
    assert_eq!(store.stats().services.overflowed, 5);
}

#[test]
fn a_budget_of_nothing_still_has_overflow() {
    let mut store = SeriesStore::new(Budget::undivided(0, 0));
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut store, &flow, ALL, 0);
    store.record(&held, Reporter::Source, &OPENED, 0);
    let scrape = scrape(&mut store);
    assert_eq!(scrape.sum("istio_tcp_connections_opened_total", &OVERFLOW), 1);
    assert_eq!(scrape.sum("kmesh_tcp_workload_connections_opened_total", &OVERFLOW), 1);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("start_time", "overflow")]), ["0"]);
}

#[test]
fn an_edge_that_has_series_keeps_them_when_there_is_no_more_room() {
    let mut store = with_room_for(1);
    for client in ["a", "b", "a"] {
        let held = hold_edge(&mut store, &edge(Reporter::Source, client, "server"), ALL, 0);
        store.record(&held, Reporter::Source, &OPENED, 0);
    }
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_opened_total", &[("source_workload", "a")]), ["2"]);
}

#[test]
fn overflow_is_decided_by_connection_and_not_by_edge() {
    let mut store = with_room_for(1);
    let first = hold_edge(&mut store, &edge(Reporter::Source, "a", "server"), ALL, 0);
    store.record(&first, Reporter::Source, &OPENED, 0);
    let overflowed = hold_edge(&mut store, &edge(Reporter::Source, "b", "server"), ALL, 0);
    store.release(&first, 0);
    store.publish();
    store.expire(1_000_000_000_000, &mut |_| false);
    let own = hold_edge(&mut store, &edge(Reporter::Source, "b", "server"), ALL, 0);
    store.record(&overflowed, Reporter::Source, &OPENED, 0);
    store.record(&own, Reporter::Source, &OPENED, 0);
    let scrape = scrape(&mut store);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &OVERFLOW), ["1"]);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &[("source_workload", "b")]), ["1"]);
}

#[test]
fn an_edge_is_charged_for_the_lines_that_a_scrape_has() {
    let mut store = roomy();
    let edge = edge(Reporter::Source, "a", "server");
    let mut held = Vec::new();
    let failed = |reason| Delta { failed: Some((reason, 1)), ..Delta::default() };
    for (on, delta, lines) in [
        (Metrics::NONE.with(Metric::LongwireFailed), failed(FailReason::Refused), 1),
        (ISTIO, OPENED, 1 + ISTIOS),
        (LONGWIRE, OPENED, 1 + AT_ONCE),
        (ALL, Delta { rtt_us: Some(1), ..OPENED }, 1 + AT_ONCE + RTT),
        (ALL, failed(FailReason::Timeout), 2 + AT_ONCE + RTT),
    ] {
        let one = hold_edge(&mut store, &edge, on, 0);
        store.record(&one, Reporter::Source, &delta, 0);
        held.push(one);
        let shown = scrape(&mut store).samples.len();
        assert_eq!((store.stats().charged - RESERVED, shown), (lines, lines));
    }
    for held in held {
        store.release(&held, 0);
    }
    store.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!((store.stats().charged, store.stats().bytes), (RESERVED, 0));
}

#[test]
fn a_label_set_without_an_event_is_charged_for_bytes_and_not_for_lines() {
    let mut store = roomy();
    let held = hold_edge(&mut store, &edge(Reporter::Source, "a", "server"), ALL, 0);
    store.publish();
    let stats = store.stats();
    assert_eq!(stats.charged, RESERVED);
    assert!((1_000..4_000).contains(&stats.bytes), "{} bytes", stats.bytes);
    store.release(&held, 0);
}

#[test]
fn later_lines_without_room_are_counted_in_overflow_until_there_is_room() {
    let mut store = with_room_for(1);
    let held = hold_edge(&mut store, &edge(Reporter::Source, "a", "server"), ALL, 0);
    let both = Delta { rtt_us: Some(1), failed: None, ..OPENED };
    let failed = Delta { failed: Some((FailReason::Refused, 2)), ..Delta::default() };
    const RTTS: &str = "longwire_tcp_rtt_seconds_count";
    const FAILED: &str = "longwire_tcp_connections_failed_total";
    for round in 1..=3 {
        store.record(&held, Reporter::Source, &both, 0);
        store.record(&held, Reporter::Source, &failed, 0);
        let scrape = scrape(&mut store);
        assert_eq!(scrape.sum("istio_tcp_connections_opened_total", &[("source_workload", "a")]), round);
        assert_eq!((scrape.sum(RTTS, &OVERFLOW), scrape.sum(FAILED, &OVERFLOW)), (round, 2 * round));
        assert_eq!((scrape.sum(RTTS, &[]), scrape.sum(FAILED, &[])), (round, 2 * round));
    }
    assert_eq!((store.stats().services.overflowed, store.stats().charged), (1, RESERVED + AT_ONCE), "once");
    store.configure(&NodeSettings { series: Some(1_000), ..NodeSettings::default() });
    store.record(&held, Reporter::Source, &both, 0);
    store.record(&held, Reporter::Source, &failed, 0);
    let scrape = scrape(&mut store);
    let own = |family: &str| scrape.sum(family, &[("source_workload", "a")]);
    assert_eq!((own(RTTS), own(FAILED)), (1, 2));
    assert_eq!((scrape.sum(RTTS, &[]), scrape.sum(FAILED, &[])), (4, 8));
}

#[test]
fn metrics_that_are_enabled_without_room_are_counted_in_overflow() {
    let mut store = SeriesStore::new(Budget::undivided(RESERVED + ISTIOS + AT_ONCE, 2));
    let of = |client| edge(Reporter::Source, client, "server");
    let first = hold_edge(&mut store, &of("a"), ISTIO, 0);
    store.record(&first, Reporter::Source, &OPENED, 0);
    let second = hold_edge(&mut store, &of("b"), ISTIO.union(LONGWIRE), 0);
    store.record(&second, Reporter::Source, &OPENED, 0);
    let third = hold_edge(&mut store, &of("a"), ISTIO.union(LONGWIRE), 0);
    store.record(&third, Reporter::Source, &Delta { lost: 7, ..OPENED }, 0);
    for held in [&first, &third, &third] {
        store.activate(held);
    }
    store.deactivate(&third);
    let overflowed = scrape(&mut store);
    assert_eq!(overflowed.values("istio_tcp_connections_opened_total", &[("source_workload", "a")]), ["2"]);
    assert_eq!(overflowed.values("longwire_tcp_lost_packets_total", &[("source_workload", "a")]), [""; 0]);
    assert_eq!(overflowed.values("longwire_tcp_lost_packets_total", &OVERFLOW), ["7"]);
    assert_eq!(overflowed.values("longwire_tcp_connections_active", &OVERFLOW), ["1"]);
    store.release(&third, 0);
    store.release(&first, 0);
}

#[test]
fn an_edge_named_overflow_shares_its_series() {
    let mut store = roomy();
    let name = || "overflow".to_owned();
    let workload = Arc::new(Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: name(),
    });
    let service = Arc::new(Service { namespace: name(), name: name(), host: name(), cluster: "Kubernetes".to_owned() });
    let impostor = Edge {
        reporter: Reporter::Source,
        source: Some(Arc::clone(&workload)),
        destination: Some(workload),
        destination_service: DestinationService::Service(service),
    };
    let held = hold_edge(&mut store, &impostor, ALL, 0);
    store.record(&held, Reporter::Source, &OPENED, 0);
    store.release(&held, 0);
    store.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_opened_total", &OVERFLOW), ["1"]);
    assert_eq!(store.stats().services.overflowed, 0);
}

#[test]
fn long_connections_have_a_budget_of_their_own() {
    let mut store = with_room_for(0);
    for port in 0..4 {
        let mut held = SeriesHandles::default();
        let flow = flow(Reporter::Source, "client", "server", port);
        store.acquire(ConnectionLabels::of(&flow), plain(CONNECTION), 0, &mut held);
        store.record(&held, Reporter::Source, &Delta { sent: 10, ..Delta::default() }, 0);
    }
    let scrape = scrape(&mut store);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("source_address", "10.0.0.1:0")]), ["10"]);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("start_time", "overflow")]), ["30"]);
    assert_eq!(store.stats().connections.overflowed, 3);
}
