//! What the aggregate says of itself, for self-metrics.

use super::Aggregate;
use super::sets::Sets;
use super::values::Readings;
use longwire_model::series::{FAMILIES, SeriesSet};

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
    /// A walk over all label sets: for a scrape, not for every sample.
    #[must_use]
    pub fn stats(&self) -> AggregateStats {
        AggregateStats {
            services: of(&self.services, &[SeriesSet::Istio, SeriesSet::Longwire]),
            workloads: of(&self.workloads, &[SeriesSet::KmeshWorkload]),
            connections: of(&self.connections, &[SeriesSet::KmeshConnection]),
            charged: self.lines.charged,
        }
    }
}

fn of<K, V: Readings>(sets: &Sets<K, V>, carried: &[SeriesSet]) -> KindStats {
    let families = || FAMILIES.iter().filter(|family| carried.contains(&family.set));
    let mut stats = KindStats { sets: 0, lines: 0, folded: sets.folded, expired: sets.expired };
    for set in sets.iter() {
        let lines: usize = families().map(|family| set.values().read(family.metric).lines()).sum();
        stats.sets += usize::from(lines != 0);
        stats.lines += lines;
    }
    stats
}
