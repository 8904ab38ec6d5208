//! What happens when there is no room.

use super::{ALL, ISTIO, LONGWIRE, roomy};
use crate::aggregate::samples::{hold_edge, hold_flow, plain};
use crate::aggregate::{Aggregate, Attribution, Budget, CONNECTION};
use crate::exposition::grammar::scrape;
use crate::labels::samples::{edge, flow};
use crate::observation::{Delta, Dialled, Edge, Reporter};
use longwire_model::identity::{Service, Workload};
use longwire_model::series::{Metric, Metrics};
use std::sync::Arc;

/// What the five overflow sets take, and what an edge does.
pub(super) const RESERVED: usize = 2 * (EDGE + WORKLOAD) + CLUSTER;
const EDGE: usize = 47;
const ISTIOS: usize = 4;
const WORKLOAD: usize = 6;
const CLUSTER: usize = 8;
const OVERFLOW: [(&str, &str); 2] = [("source_workload", "overflow"), ("destination_cluster", "overflow")];
const OPENED: Delta = Delta {
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

fn with_room_for(edges: usize) -> Aggregate {
    Aggregate::new(Budget { series: RESERVED + edges * EDGE, connections: 3 })
}

#[test]
fn past_the_budget_edges_fold_into_their_reporters_overflow() {
    let mut aggregate = with_room_for(1);
    for reporter in [Reporter::Source, Reporter::Destination] {
        for client in ["a", "b", "c"] {
            let held = hold_edge(&mut aggregate, &edge(reporter, client, "server"), ALL, 0);
            aggregate.add(&held, reporter, &OPENED, 0);
        }
    }
    let scrape = scrape(&mut aggregate);
    let opened = |labels: &[(&str, &str)]| scrape.sum("istio_tcp_connections_opened_total", labels);
    assert_eq!(opened(&[("source_workload", "a"), ("reporter", "source")]), 1);
    assert_eq!(opened(&[("reporter", "source"), OVERFLOW[0], OVERFLOW[1]]), 2);
    assert_eq!(opened(&[("reporter", "destination"), OVERFLOW[0], OVERFLOW[1]]), 3);
    assert_eq!(aggregate.stats().services.folded, 5);
}

#[test]
fn a_budget_of_nothing_still_has_overflow() {
    let mut aggregate = Aggregate::new(Budget { series: 0, connections: 0 });
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut aggregate, &flow, ALL, 0);
    aggregate.add(&held, Reporter::Source, &OPENED, 0);
    let scrape = scrape(&mut aggregate);
    assert_eq!(scrape.sum("istio_tcp_connections_opened_total", &OVERFLOW), 1);
    assert_eq!(scrape.sum("kmesh_tcp_workload_connections_opened_total", &OVERFLOW), 1);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("start_time", "overflow")]), ["0"]);
}

#[test]
fn an_edge_that_has_series_keeps_them_when_there_is_no_more_room() {
    let mut aggregate = with_room_for(1);
    for client in ["a", "b", "a"] {
        let held = hold_edge(&mut aggregate, &edge(Reporter::Source, client, "server"), ALL, 0);
        aggregate.add(&held, Reporter::Source, &OPENED, 0);
    }
    assert_eq!(scrape(&mut aggregate).values("istio_tcp_connections_opened_total", &[("source_workload", "a")]), ["2"]);
}

#[test]
fn folding_sticks_to_the_connection_and_not_to_the_edge() {
    let mut aggregate = with_room_for(1);
    let first = hold_edge(&mut aggregate, &edge(Reporter::Source, "a", "server"), ALL, 0);
    aggregate.add(&first, Reporter::Source, &OPENED, 0);
    let folded = hold_edge(&mut aggregate, &edge(Reporter::Source, "b", "server"), ALL, 0);
    aggregate.release(&first, 0);
    aggregate.publish();
    aggregate.expire(1_000_000_000_000, &mut |_| false);
    let own = hold_edge(&mut aggregate, &edge(Reporter::Source, "b", "server"), ALL, 0);
    aggregate.add(&folded, Reporter::Source, &OPENED, 0);
    aggregate.add(&own, Reporter::Source, &OPENED, 0);
    let scrape = scrape(&mut aggregate);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &OVERFLOW), ["1"]);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &[("source_workload", "b")]), ["1"]);
}

#[test]
fn an_edge_is_charged_for_the_metrics_that_are_on_for_it() {
    let mut aggregate = roomy();
    let charged = |aggregate: &Aggregate| aggregate.stats().charged - RESERVED;
    let edge = edge(Reporter::Source, "a", "server");
    let mut held = Vec::new();
    for (on, lines) in [(Metrics::NONE.with(Metric::IstioOpened), 1), (ISTIO, ISTIOS), (LONGWIRE, EDGE), (ALL, EDGE)] {
        held.push(hold_edge(&mut aggregate, &edge, on, 0));
        assert_eq!(charged(&aggregate), lines);
    }
    for held in held {
        aggregate.release(&held, 0);
    }
    aggregate.publish();
    aggregate.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(charged(&aggregate), 0);
}

#[test]
fn metrics_that_are_switched_on_when_there_is_no_room_fold_alone() {
    let mut aggregate = Aggregate::new(Budget { series: RESERVED + ISTIOS + EDGE, connections: 2 });
    let of = |client| edge(Reporter::Source, client, "server");
    let first = hold_edge(&mut aggregate, &of("a"), ISTIO, 0);
    aggregate.add(&first, Reporter::Source, &OPENED, 0);
    let second = hold_edge(&mut aggregate, &of("b"), ISTIO.union(LONGWIRE), 0);
    aggregate.add(&second, Reporter::Source, &OPENED, 0);
    let third = hold_edge(&mut aggregate, &of("a"), ISTIO.union(LONGWIRE), 0);
    aggregate.add(&third, Reporter::Source, &Delta { lost: 7, ..OPENED }, 0);
    for held in [&first, &third, &third] {
        aggregate.activate(held);
    }
    aggregate.deactivate(&third);
    let folded = scrape(&mut aggregate);
    assert_eq!(folded.values("istio_tcp_connections_opened_total", &[("source_workload", "a")]), ["2"]);
    assert_eq!(folded.values("longwire_tcp_lost_packets_total", &[("source_workload", "a")]), [""; 0]);
    assert_eq!(folded.values("longwire_tcp_lost_packets_total", &OVERFLOW), ["7"]);
    assert_eq!(folded.values("longwire_tcp_connections_active", &OVERFLOW), ["1"]);
    aggregate.release(&third, 0);
    aggregate.release(&first, 0);
}

#[test]
fn an_edge_named_overflow_shares_its_series() {
    let mut aggregate = roomy();
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
        dialled: Dialled::Service(service),
    };
    let held = hold_edge(&mut aggregate, &impostor, ALL, 0);
    aggregate.add(&held, Reporter::Source, &OPENED, 0);
    aggregate.release(&held, 0);
    aggregate.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(scrape(&mut aggregate).values("istio_tcp_connections_opened_total", &OVERFLOW), ["1"]);
    assert_eq!(aggregate.stats().services.folded, 0);
}

#[test]
fn long_connections_have_a_budget_of_their_own() {
    let mut aggregate = with_room_for(0);
    for port in 0..4 {
        let mut held = Attribution::default();
        aggregate.connection(&flow(Reporter::Source, "client", "server", port), plain(CONNECTION), 0, &mut held);
        aggregate.add(&held, Reporter::Source, &Delta { sent: 10, ..Delta::default() }, 0);
    }
    let scrape = scrape(&mut aggregate);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("source_address", "10.0.0.1:0")]), ["10"]);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("start_time", "overflow")]), ["30"]);
    assert_eq!(aggregate.stats().connections.folded, 3);
}
