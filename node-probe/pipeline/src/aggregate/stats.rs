//! What the aggregate says of itself, for self-metrics.

use super::Aggregate;
use super::sets::Sets;

/// Counts are of now, unless they say "so far".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AggregateStats {
    pub services: KindStats,
    pub workloads: KindStats,
    pub connections: KindStats,
    /// Of Envoy's statistics.
    pub clusters: KindStats,
    /// Connections so far that fed an overflow set because their namespace had no room, and values of tags that read
    /// `overflow` because there were too many others.
    pub folded_by_namespace: u64,
    pub folded_values: u64,
    /// Lines of [`super::Budget::series`] that are taken: what the label sets of edges, workloads and clusters can grow to, which is
    /// more than they have.
    pub charged: usize,
}

/// One kind of label sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindStats {
    /// Label sets with lines in a scrape.
    pub sets: usize,
    /// Lines in a scrape.
    pub lines: usize,
    /// Connections so far that fed the overflow set for want of room.
    pub folded: u64,
    /// Label sets removed so far.
    pub expired: u64,
}

impl Aggregate {
    /// Sets and lines are of what is published.
    #[must_use]
    pub fn stats(&self) -> AggregateStats {
        AggregateStats {
            services: of(&self.services),
            workloads: of(&self.workloads),
            connections: of(&self.connections),
            clusters: of(&self.clusters),
            folded_by_namespace: self.accounts.folded_by_namespace,
            folded_values: self.admitted.folded,
            charged: self.accounts.charged,
        }
    }
}

fn of<K, V>(of: &Sets<K, V>) -> KindStats {
    let (sets, lines) = of.shown();
    KindStats { sets, lines, folded: of.folded, expired: of.expired }
}
