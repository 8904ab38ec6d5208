//! Sets of metrics.

use super::{FAMILIES, LabelKind, Metric, SeriesSet, SeriesSets};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A set of [`Metric`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metrics(u32);

impl Metrics {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub const fn with(self, metric: Metric) -> Self {
        Self(self.0 | 1 << metric as u32)
    }

    #[must_use]
    pub const fn without(self, metric: Metric) -> Self {
        Self(self.0 & !(1 << metric as u32))
    }

    #[must_use]
    pub const fn contains(self, metric: Metric) -> bool {
        self.0 & 1 << metric as u32 != 0
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The metrics of a series set.
    #[must_use]
    pub const fn of(set: SeriesSet) -> Self {
        let (mut metrics, mut at) = (Self::NONE, 0);
        while at < FAMILIES.len() {
            if FAMILIES[at].set as u8 == set as u8 {
                metrics = metrics.with(FAMILIES[at].metric);
            }
            at += 1;
        }
        metrics
    }

    /// The metrics whose series have these labels.
    #[must_use]
    pub const fn labelled(kind: LabelKind) -> Self {
        let (mut metrics, mut at) = (Self::NONE, 0);
        while at < FAMILIES.len() {
            if FAMILIES[at].set.label_kind() as u8 == kind as u8 {
                metrics = metrics.with(FAMILIES[at].metric);
            }
            at += 1;
        }
        metrics
    }

    /// In the order of a scrape.
    pub fn iter(self) -> impl Iterator<Item = Metric> {
        FAMILIES.iter().map(|family| family.metric).filter(move |metric| self.contains(*metric))
    }
}

impl From<SeriesSets> for Metrics {
    fn from(sets: SeriesSets) -> Self {
        sets.iter().map(Self::of).fold(Self::NONE, Self::union)
    }
}

impl FromIterator<Metric> for Metrics {
    fn from_iter<I: IntoIterator<Item = Metric>>(metrics: I) -> Self {
        metrics.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
