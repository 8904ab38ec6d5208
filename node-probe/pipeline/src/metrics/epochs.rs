//! Removes metrics that were switched off while others of their label set continue.
//!
//! No metric has a clock. At the end of an epoch a label set knows which of its metrics were recorded in it. A metric that was not,
//! although others of its label set were, has stood still for one epoch at least and for less than two. The marks are cleared only
//! here, so no time is compared.

use super::kinds::{each_kind, of_kind};
use super::sets::Sets;
use super::values::Values;
use super::{SeriesHandles, SeriesStore};
use crate::labels::LabelSet;
use crate::record::Monotonic;
use longwire_model::series::Metrics;

pub(super) const EPOCH: Monotonic = 300_000_000_000;

impl SeriesStore {
    /// Then call [`SeriesStore::turn_epoch`].
    #[must_use]
    pub fn epoch_is_over(&self, now: Monotonic) -> bool {
        now.saturating_sub(self.epoch) >= EPOCH
    }

    /// Removes metrics that stood still. `live`: handles of live connections, whose metrics stay however idle they are. They are
    /// visited only if some metric stood still, which is rare.
    pub fn turn_epoch<'a>(&mut self, now: Monotonic, live: impl Iterator<Item = &'a SeriesHandles>) {
        if self.has_stale() {
            self.mark(live);
        }
        each_kind!(&mut self.kinds, |sets| turn(sets));
        self.epoch = now;
    }

    fn has_stale(&self) -> bool {
        let mut has_stale = false;
        each_kind!(&self.kinds, |sets| has_stale |= stale(sets).next().is_some());
        has_stale
    }

    fn mark<'a>(&mut self, live: impl Iterator<Item = &'a SeriesHandles>) {
        for handle in live.flat_map(SeriesHandles::handles) {
            of_kind!(&mut self.kinds, handle.kind(), |sets| mark(sets, handle.at, handle.metrics));
        }
    }
}

/// Label sets that were recorded into in this epoch, and their metrics that were not. An idle label set keeps all of its metrics.
fn stale<K, V>(sets: &Sets<K, V>) -> impl Iterator<Item = (u32, Metrics)> {
    let recorded = sets.own().filter(|(_, set)| !set.recorded.is_empty());
    recorded.map(|(at, set)| (at, set.known.difference(set.recorded))).filter(|(_, metrics)| !metrics.is_empty())
}

/// A metric with a handle counts as recorded, but does not make its label set one that was.
fn mark<K, V>(sets: &mut Sets<K, V>, at: u32, metrics: Metrics) {
    let set = &mut sets[at];
    if !set.recorded.is_empty() {
        set.recorded = set.recorded.union(metrics);
    }
}

/// The lines that go are credited when the set is settled.
fn turn<K: LabelSet, V: Values>(sets: &mut Sets<K, V>) {
    for (at, metrics) in stale(sets).collect::<Vec<_>>() {
        let set = sets.change(at);
        set.values.forget(metrics);
        set.forget_births(metrics);
        set.known = set.known.difference(metrics);
    }
    sets.iter_mut().for_each(|set| set.recorded = Metrics::NONE);
}
