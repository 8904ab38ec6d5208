//! Sizes and counts of label sets, for self-metrics.

use super::SeriesStore;
use super::pressure::Crossing;
use super::sets::Sets;
use longwire_model::series::LabelKind;
use std::collections::BTreeMap;

/// Current values, unless they say "so far".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesStats {
    pub services: KindStats,
    pub localities: KindStats,
    pub workloads: KindStats,
    pub connections: KindStats,
    /// Of Envoy's statistics.
    pub clusters: KindStats,
    /// Values of tags so far that read `overflow` because there were too many others.
    pub overflowed_values: u64,
    /// Lines of [`super::Budget::series`] that are taken, and that there are.
    pub charged: usize,
    pub most_charged: usize,
    /// Label sets of [`super::Budget::connections`] that are taken, and that there are.
    pub long_connections: usize,
    pub most_long_connections: usize,
    /// Memory of label sets that is taken, and that there is.
    pub bytes: usize,
    pub most_bytes: usize,
    /// Consumers that are known to come again, and those forgotten so far because there were too many.
    pub consumers: usize,
    pub consumers_evicted: u64,
}

/// One kind of label sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindStats {
    /// Label sets with lines in a scrape.
    pub sets: usize,
    /// Lines in a scrape.
    pub lines: usize,
    /// Connections so far that were recorded into the overflow set because the node had no room.
    pub overflowed: u64,
    /// Label sets removed so far.
    pub expired: u64,
}

impl SeriesStats {
    #[must_use]
    pub fn of(&self, kind: LabelKind) -> KindStats {
        match kind {
            LabelKind::Service => self.services,
            LabelKind::Locality => self.localities,
            LabelKind::Workload => self.workloads,
            LabelKind::Connection => self.connections,
            LabelKind::Cluster => self.clusters,
        }
    }
}

impl SeriesStore {
    /// Sets and lines are of what is published.
    #[must_use]
    pub fn stats(&self) -> SeriesStats {
        let (consumers, consumers_evicted) = self.snapshots.sizes();
        let (used, limit) = (self.accounts.used(), self.accounts.limit());
        SeriesStats {
            services: of(&self.kinds.services),
            localities: of(&self.kinds.localities),
            workloads: of(&self.kinds.workloads),
            connections: of(&self.kinds.connections),
            clusters: of(&self.kinds.clusters),
            overflowed_values: self.admitted.overflowed,
            charged: used.lines,
            most_charged: limit.lines,
            long_connections: used.connections,
            most_long_connections: limit.connections,
            bytes: used.bytes,
            most_bytes: limit.bytes,
            consumers,
            consumers_evicted,
        }
    }

    /// Connections and label sets so far that overflowed because a share had no room: `namespace` or `peer`, and the namespace that
    /// caused it.
    #[must_use]
    pub fn overflowed_by_namespace(&self) -> BTreeMap<(&'static str, &str), u64> {
        self.accounts.pressure.overflowed()
    }

    /// Budgets that are full now.
    #[must_use]
    pub fn full_budgets(&self) -> Vec<Crossing> {
        self.accounts.pressure.full()
    }

    /// Budgets that have become full since the last call, and those that are so no more.
    pub fn take_crossings(&mut self) -> Vec<Crossing> {
        self.accounts.pressure.take_crossings()
    }
}

fn of<K, V>(of: &Sets<K, V>) -> KindStats {
    let (sets, lines) = of.shown();
    KindStats { sets, lines, overflowed: of.overflowed, expired: of.expired }
}
