//! What happens when there is no room.

use super::{ALL, ISTIO, LONGWIRE, roomy, to};
use crate::aggregate::{Aggregate, Attribution, Budget};
use crate::exposition::grammar::scrape;
use crate::labels::samples::{edge, flow};
use crate::observation::{Delta, Dialled, Edge, Reporter};
use longwire_model::identity::{Service, Workload};
use std::sync::Arc;

/// What the four overflow sets take, and what an edge does.
const RESERVED: usize = 2 * (EDGE + WORKLOAD);
const EDGE: usize = 47;
const ISTIOS: usize = 4;
const WORKLOAD: usize = 6;
const OVERFLOW: [(&str, &str); 2] = [("source_workload", "overflow"), ("destination_cluster", "overflow")];
const OPENED: Delta = Delta {
    sent: 0,
    received: 0,
    retransmitted_bytes: 0,
    retransmits: 0,
    lost: 0,
    opened: 1,
    closed: 0,
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
            let service = aggregate.service(&edge(reporter, client, "server"), 0);
            aggregate.add(to(service), ALL, &OPENED, 0);
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
    let held = Attribution {
        service: Some(aggregate.service(&flow.edge, 0)),
        workload: Some(aggregate.workload(&flow, 0)),
        connection: Some(aggregate.connection(&flow, 0)),
    };
    aggregate.add(held, ALL, &OPENED, 0);
    let scrape = scrape(&mut aggregate);
    assert_eq!(scrape.sum("istio_tcp_connections_opened_total", &OVERFLOW), 1);
    assert_eq!(scrape.sum("kmesh_tcp_workload_connections_opened_total", &OVERFLOW), 1);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("start_time", "overflow")]), ["0"]);
}

#[test]
fn an_edge_that_has_series_keeps_them_when_there_is_no_more_room() {
    let mut aggregate = with_room_for(1);
    let first = aggregate.service(&edge(Reporter::Source, "a", "server"), 0);
    aggregate.service(&edge(Reporter::Source, "b", "server"), 0);
    assert_eq!(aggregate.service(&edge(Reporter::Source, "a", "server"), 0), first);
}

#[test]
fn folding_sticks_to_the_connection_and_not_to_the_edge() {
    let mut aggregate = with_room_for(1);
    let first = aggregate.service(&edge(Reporter::Source, "a", "server"), 0);
    aggregate.add(to(first), ALL, &OPENED, 0);
    let folded = aggregate.service(&edge(Reporter::Source, "b", "server"), 0);
    aggregate.release(to(first), 0);
    aggregate.publish();
    aggregate.expire(1_000_000_000_000, &mut |_| false);
    let own = aggregate.service(&edge(Reporter::Source, "b", "server"), 0);
    aggregate.add(to(folded), ALL, &OPENED, 0);
    aggregate.add(to(own), ALL, &OPENED, 0);
    let scrape = scrape(&mut aggregate);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &OVERFLOW), ["1"]);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &[("source_workload", "b")]), ["1"]);
}

#[test]
fn an_edge_is_charged_for_the_series_sets_that_are_on_for_it() {
    let mut aggregate = roomy();
    let charged = |aggregate: &Aggregate| aggregate.stats().charged - RESERVED;
    let service = aggregate.service(&edge(Reporter::Source, "a", "server"), 0);
    assert_eq!(charged(&aggregate), 47);
    aggregate.add(to(service), ISTIO, &OPENED, 0);
    assert_eq!(charged(&aggregate), 4);
    aggregate.add(to(service), ALL, &OPENED, 0);
    assert_eq!(charged(&aggregate), 47);
    aggregate.release(to(service), 0);
    aggregate.publish();
    aggregate.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(charged(&aggregate), 0);
}

#[test]
fn series_that_are_switched_on_when_there_is_no_room_fold_alone() {
    let mut aggregate = Aggregate::new(Budget { series: RESERVED + ISTIOS + EDGE, connections: 2 });
    let first = aggregate.service(&edge(Reporter::Source, "a", "server"), 0);
    aggregate.add(to(first), ISTIO, &OPENED, 0);
    aggregate.activate(first);
    aggregate.activate(first);
    let second = aggregate.service(&edge(Reporter::Source, "b", "server"), 0);
    aggregate.add(to(second), ISTIO.union(LONGWIRE), &OPENED, 0);
    aggregate.add(to(first), ISTIO.union(LONGWIRE), &Delta { lost: 7, ..OPENED }, 0);
    aggregate.activate(first);
    aggregate.deactivate(first);
    let folded = scrape(&mut aggregate);
    assert_eq!(folded.values("istio_tcp_connections_opened_total", &[("source_workload", "a")]), ["2"]);
    assert_eq!(folded.values("longwire_tcp_lost_packets_total", &[("source_workload", "a")]), [""; 0]);
    assert_eq!(folded.values("longwire_tcp_lost_packets_total", &OVERFLOW), ["7"]);
    assert_eq!(folded.values("longwire_tcp_connections_active", &OVERFLOW), ["2"]);
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
    let held = aggregate.service(&impostor, 0);
    aggregate.add(to(held), ALL, &OPENED, 0);
    aggregate.release(to(held), 0);
    aggregate.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(scrape(&mut aggregate).values("istio_tcp_connections_opened_total", &OVERFLOW), ["1"]);
    assert_eq!(aggregate.stats().services.folded, 0);
}

#[test]
fn long_connections_have_a_budget_of_their_own() {
    let mut aggregate = with_room_for(0);
    for port in 0..4 {
        let connection = Some(aggregate.connection(&flow(Reporter::Source, "client", "server", port), 0));
        let held = Attribution { service: None, workload: None, connection };
        aggregate.add(held, ALL, &Delta { sent: 10, ..Delta::default() }, 0);
    }
    let scrape = scrape(&mut aggregate);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("source_address", "10.0.0.1:0")]), ["10"]);
    assert_eq!(scrape.values("kmesh_tcp_connection_sent_bytes_total", &[("start_time", "overflow")]), ["30"]);
    assert_eq!(aggregate.stats().connections.folded, 3);
}
