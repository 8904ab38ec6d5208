//! However little room there is, nothing is lost.

use super::budgets::RESERVED;
use super::shown::{Scrape, scrape};
use super::{ALL, ISTIO, LONGWIRE};
use crate::labels::samples::{edge_between, flow};
use crate::metrics::samples::{hold_edge, hold_flow};
use crate::metrics::{Budget, SeriesHandles, SeriesStore};
use crate::observation::{Delta, Flow, Reporter};
use crate::record::FailReason;
use longwire_model::series::{Metric, Metrics};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::mem;

const FAILED: Metrics = Metrics::NONE.with(Metric::LongwireFailed);

#[derive(Clone, Debug)]
struct Life {
    /// Of both ends.
    namespaces: [u8; 2],
    source: u8,
    destination: u8,
    is_source: bool,
    port: u16,
    /// What is on changes in between.
    deltas: Vec<(Metrics, Delta)>,
    ends: bool,
}

impl Life {
    fn reporter(&self) -> Reporter {
        if self.is_source { Reporter::Source } else { Reporter::Destination }
    }

    fn flow(&self) -> Flow {
        let (source, destination) = (format!("client-{}", self.source), format!("server-{}", self.destination));
        let [near, far] = self.namespaces.map(|number| format!("ns-{number}"));
        let edge = edge_between(self.reporter(), [&near, &source], [&far, &destination]);
        Flow { edge, ..flow(self.reporter(), &source, &destination, self.port) }
    }

    /// Where the gauge is on: elsewhere it is not exposed.
    fn is_active(&self) -> bool {
        let is_on = |(on, delta): &(Metrics, Delta)| on.contains(Metric::LongwireActive) && delta.failed.is_none();
        !self.ends && self.deltas.last().is_some_and(is_on)
    }
}

fn metrics() -> impl Strategy<Value = Metrics> {
    let some = Metrics::NONE.with(Metric::IstioOpened).with(Metric::LongwireRtt).with(Metric::KmeshWorkloadClosed);
    proptest::sample::select(vec![Metrics::NONE, ISTIO, LONGWIRE, some, ISTIO.union(LONGWIRE), ALL, ALL])
}

/// Of a connection that established, or of an attempt that failed and has nothing else to say.
fn delta() -> impl Strategy<Value = Delta> {
    let reason = proptest::sample::select(FailReason::ALL.to_vec());
    let failed = reason.prop_map(|reason| Delta { failed: Some((reason, 1)), ..Delta::default() });
    let times = (proptest::option::of(0..2_000_000_u32), proptest::option::of(0..20_000_000_000_u64));
    let lived = (0..1_000_u64, 0..1_000_u64, 0..10_u64, 0..2_u64, times);
    let lived = lived.prop_map(|(sent, received, lost, opened, (rtt_us, time))| Delta {
        sent,
        received,
        retransmitted_bytes: sent / 2,
        retransmits: lost + 1,
        lost,
        opened,
        closed: opened,
        closed_by_remote: 0,
        failed: None,
        rtt_us,
        handshake: time,
        duration: time,
    });
    prop_oneof![1 => failed, 4 => lived]
}

fn life() -> impl Strategy<Value = Life> {
    let deltas = proptest::collection::vec((metrics(), delta()), 1..4);
    let ends = (0..5_u8, 0..3_u8, [0..3_u8, 0..3_u8]);
    (ends, any::<bool>(), 0..20_u16, deltas, any::<bool>()).prop_map(
        |((source, destination, namespaces), is_source, port, deltas, ends)| Life {
            namespaces,
            source,
            destination,
            is_source,
            port,
            deltas,
            ends,
        },
    )
}

fn live(store: &mut SeriesStore, lives: &[Life]) {
    for (life, now) in lives.iter().zip(0..) {
        let flow = life.flow();
        let mut held = SeriesHandles::default();
        for (on, delta) in &life.deltas {
            // As the pipeline does: an attempt that failed claims what failures feed.
            let wanted = if delta.failed.is_some() { FAILED } else { ALL };
            let next = hold_flow(store, &flow, on.intersection(wanted), now);
            store.release(&mem::replace(&mut held, next), now);
            store.record(&held, life.reporter(), delta, now);
        }
        if life.is_active() {
            store.activate(&held);
        }
        if life.ends {
            store.release(&held, now);
        }
        store.publish();
        // Both workloads live: nothing but what is over goes.
        store.expire(now, &mut |_| true);
    }
}

/// Totals of every family by reporter. Zeros are left out: where all overflowed, some series do not exist.
fn totals(scrape: &Scrape) -> BTreeMap<(&str, &str), i64> {
    let mut totals = BTreeMap::new();
    for ((name, labels), value) in scrape.samples.iter().filter(|((name, _), _)| !name.ends_with("_seconds_sum")) {
        *totals.entry((name.as_str(), labels["reporter"].as_str())).or_default() += value.parse::<i64>().unwrap();
    }
    totals.retain(|_, total| *total != 0);
    totals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn overflow_keeps_every_sum(
        lives in proptest::collection::vec(life(), 1..40),
        series in 0..700_usize,
        connections in 0..12_usize,
        (namespaces, peers) in (1..4_usize, 1..3_usize),
    ) {
        let mut tight = SeriesStore::new(Budget { series, connections, namespaces, peers });
        let mut roomy = SeriesStore::new(Budget::undivided(100_000, 1_000));
        live(&mut tight, &lives);
        live(&mut roomy, &lives);
        let (overflowed, whole) = (scrape(&mut tight), scrape(&mut roomy));
        prop_assert_eq!(totals(&overflowed), totals(&whole));
        let stats = tight.stats();
        let lines = stats.services.lines + stats.localities.lines + stats.workloads.lines;
        prop_assert!(lines <= series.max(RESERVED), "{} lines, {} allowed", lines, series);
        prop_assert!(stats.connections.sets <= connections.max(2));
        prop_assert!(stats.charged <= series.max(RESERVED));
    }
}

#[test]
fn an_observation_is_in_the_first_bucket_that_holds_it() {
    let mut store = SeriesStore::new(Budget::undivided(1_000, 0));
    let held = hold_edge(&mut store, &flow(Reporter::Source, "client", "server", 1).edge, LONGWIRE, 0);
    for rtt_us in [0, 1_000, 1_001, 10_000, 100_000, 100_001, u32::MAX] {
        let delta = Delta { rtt_us: Some(rtt_us), ..Delta::default() };
        store.record(&held, Reporter::Source, &delta, 0);
    }
    let scrape = scrape(&mut store);
    let bucket = |le: &str| scrape.sum("longwire_tcp_rtt_seconds_bucket", &[("le", le)]);
    assert_eq!(["0.001", "0.01", "0.1", "+Inf"].map(bucket), [2, 4, 5, 7]);
    assert_eq!(scrape.values("longwire_tcp_rtt_seconds_sum", &[]), ["4295.179297"]);
    assert_eq!(scrape.values("longwire_tcp_rtt_seconds_count", &[]), ["7"]);
}
