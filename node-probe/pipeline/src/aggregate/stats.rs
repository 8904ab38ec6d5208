//! What the aggregate says of itself, for self-metrics.

use super::Aggregate;
use super::sets::Sets;

/// Counts are of now, unless they say "so far".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AggregateStats {
    pub services: KindStats,
    pub workloads: KindStats,
    pub connections: KindStats,
    /// Lines of [`super::Budget::series`] that are taken: what the label sets of edges and workloads can grow to, which is
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
            charged: self.lines.charged,
        }
    }
}

fn of<K, V>(of: &Sets<K, V>) -> KindStats {
    let (sets, lines) = of.shown();
    KindStats { sets, lines, folded: of.folded, expired: of.expired }
}
