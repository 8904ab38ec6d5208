//! One namespace has a share of the node, and one other namespace a part of that.

use super::budgets::{AT_ONCE, EDGE, OPENED, RESERVED};
use super::shown::{Scrape, scrape};
use super::{ALL, ISTIO, SECOND};
use crate::labels::samples::{edge_between, flow};
use crate::labels::{ConnectionLabels, Differences, ServiceLabels};
use crate::metrics::samples::{hold_edge, plain};
use crate::metrics::{
    Budget, BudgetOwner, CONNECTION, Crossing, Resource, SERVICE, SeriesHandles, SeriesSpec, SeriesStore,
};
use crate::observation::{Delta, Edge, Reporter};
use longwire_model::series::Metrics;
use longwire_model::tag::TagName;
use std::collections::BTreeMap;

const OPENED_TOTAL: &str = "istio_tcp_connections_opened_total";

/// A connection of each of so many edges opens.
fn open(store: &mut SeriesStore, edges: usize, edge: impl Fn(&str) -> Edge) -> Vec<SeriesHandles> {
    let mut held = Vec::new();
    for number in 0..edges {
        let edge = edge(&number.to_string());
        let one = hold_edge(store, &edge, ALL, 0);
        store.record(&one, edge.reporter, &OPENED, 0);
        held.push(one);
    }
    held
}

fn within(namespace: &str) -> impl Fn(&str) -> Edge {
    move |name| edge_between(Reporter::Source, [namespace, "client"], [namespace, name])
}

/// Connections in label sets of their own, by the namespace at the source.
fn own(scrape: &Scrape, namespace: &str) -> i64 {
    scrape.sum(OPENED_TOTAL, &[("source_workload", "client"), ("source_workload_namespace", namespace)])
}

fn overflowed(scrape: &Scrape, [source, destination]: [&str; 2]) -> i64 {
    let labels = [
        ("source_workload", "overflow"),
        ("destination_workload", "overflow"),
        ("destination_service_name", "overflow"),
        ("source_workload_namespace", source),
        ("destination_workload_namespace", destination),
    ];
    scrape.sum(OPENED_TOTAL, &labels)
}

#[test]
fn a_flooding_namespace_is_counted_in_its_own_overflow_and_others_lose_nothing() {
    let mut store = SeriesStore::new(Budget::shared(600, 10));
    let most = 200 / AT_ONCE;
    let mut held = open(&mut store, 100, within("evil"));
    held.extend(open(&mut store, 20, within("victim")));
    let scrape = scrape(&mut store);
    assert_eq!((own(&scrape, "evil"), own(&scrape, "victim")), (i64::try_from(most).unwrap(), 20));
    assert_eq!(overflowed(&scrape, ["evil", "overflow"]), 100 - i64::try_from(most).unwrap());
    assert_eq!(overflowed(&scrape, ["overflow", "overflow"]), 0, "the node has room");
    assert_eq!(store.overflowed_by_namespace(), BTreeMap::from([(("namespace", "evil"), 100 - most as u64)]));
    assert_eq!(store.stats().charged, RESERVED + EDGE + (most + 20) * AT_ONCE);
    for held in &held {
        store.release(held, 0);
    }
    store.expire(1_000 * SECOND, &mut |_| false);
    assert_eq!((store.stats().charged, store.stats().bytes), (RESERVED, 0), "the overflow of evil went too");
}

#[test]
fn clients_of_one_namespace_use_up_half_of_their_servers_share_and_are_named() {
    let mut store = SeriesStore::new(Budget::shared(600, 10));
    let most = 100 / AT_ONCE;
    let to_victim = |namespace: &'static str| {
        move |name: &str| edge_between(Reporter::Destination, [namespace, name], ["victim", "server"])
    };
    let _evil = open(&mut store, 40, to_victim("evil"));
    let _friend = open(&mut store, 5, to_victim("friend"));
    let _own = open(&mut store, 5, to_victim("victim"));
    let scrape = scrape(&mut store);
    let of = |namespace| {
        scrape.sum(OPENED_TOTAL, &[("destination_workload", "server"), ("source_workload_namespace", namespace)])
    };
    assert_eq!(["evil", "friend", "victim"].map(of), [i64::try_from(most).unwrap(), 5, 5]);
    assert_eq!(overflowed(&scrape, ["evil", "victim"]), 40 - i64::try_from(most).unwrap());
    assert_eq!(store.overflowed_by_namespace(), BTreeMap::from([(("peer", "evil"), 40 - most as u64)]));
}

#[test]
fn long_connections_are_shared_as_well() {
    let mut store = SeriesStore::new(Budget::shared(0, 32));
    let mut held = Vec::new();
    for port in 0..20 {
        let flow = flow(Reporter::Source, "client", "server", port);
        let mut one = SeriesHandles::default();
        store.acquire(ConnectionLabels::of(&flow), plain(CONNECTION), 0, &mut one);
        store.record(&one, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, 0);
        held.push(one);
    }
    let shown = scrape(&mut store);
    let sent = |source: &str, namespace: &str| {
        let labels = [("source_workload", source), ("source_workload_namespace", namespace)];
        shown.sum("kmesh_tcp_connection_sent_bytes_total", &labels)
    };
    assert_eq!((sent("client", "ns"), sent("overflow", "ns"), sent("overflow", "overflow")), (10, 10, 0));
}

fn tagged(store: &mut SeriesStore, edge: &Edge, value: &str) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    let differences = Differences::new(vec![(TagName::parse("tag").unwrap(), Some(value.into()))]);
    let spec = SeriesSpec { metrics: ISTIO.intersection(SERVICE), differences, tag_source: None };
    store.acquire(ServiceLabels(edge.clone()), spec, 0, &mut held);
    store.record(&held, edge.reporter, &OPENED, 0);
    held
}

#[test]
fn long_labels_are_charged_by_their_length() {
    let mut store = SeriesStore::new(Budget::shared(3_000, 0));
    let evil = edge_between(Reporter::Source, ["evil", "client"], ["evil", "server"]);
    let held: Vec<_> =
        (0..30).map(|number| tagged(&mut store, &evil, &format!("{number}{}", "x".repeat(16_000)))).collect();
    let _victim = open(&mut store, 20, within("victim"));
    let shown = scrape(&mut store);
    let sets = own(&shown, "evil");
    assert!((7..=9).contains(&sets), "{sets} sets of five times 16 kB in 768 kB");
    assert_eq!((own(&shown, "victim"), overflowed(&shown, ["evil", "overflow"])), (20, 30 - sets));
    let stats = store.stats();
    assert!(stats.bytes < stats.most_bytes && stats.charged < 400, "{stats:?}");
    store.expire(SECOND, &mut |_| true);
    let [Crossing { whose, resource, limit, overflowed }] = &store.take_crossings()[..] else { panic!("not one") };
    assert_eq!((whose, resource, overflowed), (&BudgetOwner::Namespace("evil".into()), &Resource::Bytes, &None));
    assert_eq!(*limit, 1_000 * 512 + (256 << 10));
    for held in held {
        store.release(&held, 0);
    }
    store.expire(1_000 * SECOND, &mut |_| false);
    assert!(store.stats().bytes < 60_000, "the victim's are left: {}", store.stats().bytes);
}

#[test]
fn a_full_budget_is_reported_once_and_its_end_once() {
    let mut store = SeriesStore::new(Budget::shared(600, 10));
    let whose = || BudgetOwner::Namespace("evil".into());
    let of = |overflowed| vec![Crossing { whose: whose(), resource: Resource::Series, limit: 200, overflowed }];
    let mut crossings = Vec::new();
    for second in 0..200 {
        if second < 50 {
            let _held = open(&mut store, 30, within("evil"));
        }
        store.expire(second * SECOND, &mut |_| true);
        crossings.push(store.take_crossings());
        let is_full = second < 49 + 60;
        assert_eq!(store.full_budgets(), if is_full { of(None) } else { Vec::new() }, "{second}");
    }
    assert_eq!(crossings[0], of(None));
    assert_eq!(crossings[49 + 60], of(Some(100)), "two of thirty edges, fifty times");
    assert_eq!(crossings.iter().flatten().count(), 2);
}

#[test]
fn overflow_sets_of_namespaces_are_bounded() {
    let budget = Budget { series: 10_000, connections: 2, namespaces: 2_000, peers: 1 };
    let mut store = SeriesStore::new(budget);
    let names: Vec<_> = (0..300).map(|number| format!("ns-{number}")).collect();
    for name in &names {
        let edge = edge_between(Reporter::Source, [name, "client"], [name, "server"]);
        let held = hold_edge(&mut store, &edge, ALL, 0);
        store.record(&held, Reporter::Source, &OPENED, 0);
    }
    let shown = scrape(&mut store);
    assert_eq!(names.iter().map(|name| overflowed(&shown, [name, "overflow"])).sum::<i64>(), 64);
    assert_eq!(overflowed(&shown, ["overflow", "overflow"]), 300 - 64);
    let counts = store.overflowed_by_namespace();
    assert_eq!((counts.len(), counts[&("namespace", "overflow")]), (129, 300 - 128));
}

#[test]
fn the_creator_of_a_label_set_is_charged_for_its_growth_by_others() {
    let mut store = SeriesStore::new(Budget::shared(600, 10));
    let victim = edge_between(Reporter::Source, ["victim", "client"], ["victim", "server"]);
    let other = edge_between(Reporter::Source, ["evil", "client"], ["victim", "server"]);
    let opened = Metrics::NONE.with(longwire_model::series::Metric::IstioOpened);
    let first = hold_edge(&mut store, &victim, opened, 0);
    store.record(&first, Reporter::Source, &OPENED, 0);
    let mut second = SeriesHandles::default();
    let name = TagName::parse("source_workload_namespace").unwrap();
    let differences = Differences::new(vec![(name, Some("victim".into()))]);
    let spec = SeriesSpec { metrics: ISTIO, differences, tag_source: None };
    store.acquire(ServiceLabels(other), spec, 0, &mut second);
    store.record(&second, Reporter::Source, &OPENED, 0);
    assert_eq!(own(&scrape(&mut store), "victim"), 2);
    assert_eq!(store.stats().charged, RESERVED + 4);
    for held in [first, second] {
        store.release(&held, 0);
    }
    store.expire(1_000 * SECOND, &mut |_| false);
    assert_eq!((store.stats().charged, store.stats().bytes), (RESERVED, 0));
}

#[test]
fn a_tag_of_another_namespace_uses_up_no_values() {
    let mut store = SeriesStore::new(Budget::shared(3_000, 0));
    let evil = edge_between(Reporter::Source, ["evil", "client"], ["evil", "server"]);
    let _held: Vec<_> = (0..30).map(|number| tagged(&mut store, &evil, &number.to_string())).collect();
    let name = TagName::parse("tag").unwrap();
    let mut admit = |namespace| store.admitted_mut().admit(namespace, &name, "new".into(), Some(10));
    assert_eq!([admit("evil"), admit("victim")], ["overflow".into(), "new".into()]);
}
