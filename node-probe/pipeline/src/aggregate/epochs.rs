//! Metrics that were switched off while others of their label set go on: they stand still, and go after a while.
//!
//! No metric has a clock. At the end of an epoch it is known which were fed in it: one that was not, although its label set
//! was, has stood still for one epoch at least and for less than two.

use super::budget::Accounts;
use super::handles::Kind;
use super::sets::Sets;
use super::values::Values;
use super::{Aggregate, Attribution};
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
    pub fn turn_epoch<'a>(&mut self, now: Monotonic, holders: impl Iterator<Item = &'a Attribution>) {
        if self.has_stale() {
            self.mark(holders);
        }
        let Self { services, workloads, connections, clusters, accounts, .. } = self;
        turn(services, accounts, self.epoch);
        turn(workloads, accounts, self.epoch);
        turn(connections, accounts, self.epoch);
        turn(clusters, accounts, self.epoch);
        self.epoch = now;
    }

    fn has_stale(&self) -> bool {
        let began = self.epoch;
        stale(&self.services, began).next().is_some()
            || stale(&self.workloads, began).next().is_some()
            || stale(&self.connections, began).next().is_some()
            || stale(&self.clusters, began).next().is_some()
    }

    fn mark<'a>(&mut self, holders: impl Iterator<Item = &'a Attribution>) {
        for feed in holders.flat_map(Attribution::feeds) {
            match feed.kind() {
                Kind::Service => mark(&mut self.services, feed.at, feed.metrics),
                Kind::Workload => mark(&mut self.workloads, feed.at, feed.metrics),
                Kind::Connection => mark(&mut self.connections, feed.at, feed.metrics),
                Kind::Envoy => mark(&mut self.clusters, feed.at, feed.metrics),
            }
        }
    }
}

/// Label sets that were fed since `began`, but for these metrics.
fn stale<K, V>(sets: &Sets<K, V>, began: Monotonic) -> impl Iterator<Item = (u32, Metrics)> {
    let fed = sets.own().filter(move |(_, set)| set.changed >= began);
    fed.map(|(at, set)| (at, set.known.difference(set.fed))).filter(|(_, metrics)| !metrics.is_empty())
}

fn mark<K, V>(sets: &mut Sets<K, V>, at: u32, metrics: Metrics) {
    let set = &mut sets[at];
    set.fed = set.fed.union(metrics);
}

fn turn<K: LabelSet, V: Values>(sets: &mut Sets<K, V>, accounts: &mut Accounts, began: Monotonic) {
    for (at, metrics) in stale(sets, began).collect::<Vec<_>>() {
        let measure = sets.measure;
        let set = sets.change(at);
        set.values.forget(metrics);
        set.known = set.known.difference(metrics);
        accounts.release(set.key().edge().namespace(), metrics, measure);
    }
    sets.iter_mut().for_each(|set| set.fed = Metrics::NONE);
}
