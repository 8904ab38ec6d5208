//! Metrics that were switched off while others of their label set go on: they stand still, and go after a while.
//!
//! No metric has a clock. At the end of an epoch it is known which were fed in it: one that was not, although others of its
//! label set were, has stood still for one epoch at least and for less than two. What was fed is forgotten only here, so no
//! time is compared: a label set that was fed in the very moment in which an epoch ends was fed in the one that ends.

use super::handles::Kind;
use super::sets::Sets;
use super::values::Values;
use super::{Aggregate, SeriesHandles};
use crate::labels::LabelSet;
use crate::record::Monotonic;
use longwire_model::series::Metrics;

pub(super) const EPOCH: Monotonic = 300_000_000_000;

impl Aggregate {
    /// Something shall be done about it, see [`Aggregate::turn_epoch`].
    #[must_use]
    pub fn epoch_is_over(&self, now: Monotonic) -> bool {
        now.saturating_sub(self.epoch) >= EPOCH
    }

    /// Forgets what stood still. `holders`: what living connections hold stays, however idle they are. Hardly ever does
    /// anything stand still, and then nobody walks through them.
    pub fn turn_epoch<'a>(&mut self, now: Monotonic, holders: impl Iterator<Item = &'a SeriesHandles>) {
        if self.has_stale() {
            self.mark(holders);
        }
        let Self { services, workloads, connections, clusters, .. } = self;
        turn(services);
        turn(workloads);
        turn(connections);
        turn(clusters);
        self.epoch = now;
    }

    fn has_stale(&self) -> bool {
        stale(&self.services).next().is_some()
            || stale(&self.workloads).next().is_some()
            || stale(&self.connections).next().is_some()
            || stale(&self.clusters).next().is_some()
    }

    fn mark<'a>(&mut self, holders: impl Iterator<Item = &'a SeriesHandles>) {
        for handle in holders.flat_map(SeriesHandles::handles) {
            match handle.kind() {
                Kind::Service => mark(&mut self.services, handle.at, handle.metrics),
                Kind::Workload => mark(&mut self.workloads, handle.at, handle.metrics),
                Kind::Connection => mark(&mut self.connections, handle.at, handle.metrics),
                Kind::Envoy => mark(&mut self.clusters, handle.at, handle.metrics),
            }
        }
    }
}

/// Label sets that were fed in this epoch, but for these metrics. One that was not fed at all keeps all of its metrics.
fn stale<K, V>(sets: &Sets<K, V>) -> impl Iterator<Item = (u32, Metrics)> {
    let recorded = sets.own().filter(|(_, set)| !set.recorded.is_empty());
    recorded.map(|(at, set)| (at, set.known.difference(set.recorded))).filter(|(_, metrics)| !metrics.is_empty())
}

/// What is held counts as fed, but does not make its label set one that was fed.
fn mark<K, V>(sets: &mut Sets<K, V>, at: u32, metrics: Metrics) {
    let set = &mut sets[at];
    if !set.recorded.is_empty() {
        set.recorded = set.recorded.union(metrics);
    }
}

/// The lines that go are given back when the set is settled.
fn turn<K: LabelSet, V: Values>(sets: &mut Sets<K, V>) {
    for (at, metrics) in stale(sets).collect::<Vec<_>>() {
        let set = sets.change(at);
        set.values.forget(metrics);
        set.forget_births(metrics);
        set.known = set.known.difference(metrics);
    }
    sets.iter_mut().for_each(|set| set.recorded = Metrics::NONE);
}
