//! A histogram with the buckets of its row in the table. Times are summed in nanoseconds: integers do not drift.

use super::values::PLAUSIBLE;
use crate::record::Monotonic;
use longwire_model::series::{FAMILIES, Kind, Metric};
use serde::{Deserialize, Serialize};

/// More buckets than any row has, `+Inf` among them.
const MAX_BUCKETS: usize = 4;
const _: () = {
    let mut row = 0;
    while row < FAMILIES.len() {
        if let Kind::Histogram(bounds) = FAMILIES[row].kind {
            assert!(bounds.len() < MAX_BUCKETS, "a row with more buckets than there is room for");
        }
        row += 1;
    }
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Histogram {
    /// The table's, which is not saved: see [`Histogram::rebind`].
    #[serde(skip)]
    bounds: &'static [f64],
    /// Each observation in one bucket; the sums are made when they are read.
    counts: [u64; MAX_BUCKETS],
    /// Nanoseconds. 64 bits would last two days of 100,000 connections an hour old.
    sum: u128,
}

impl Histogram {
    pub(super) fn new(metric: Metric) -> Self {
        Self { bounds: bounds_of(metric), counts: [0; MAX_BUCKETS], sum: 0 }
    }

    /// Sets the bounds of a histogram that was read from a state. Returns whether its values can be true.
    pub(super) fn rebind(&mut self, metric: Metric) -> bool {
        self.bounds = bounds_of(metric);
        self.counts.iter().all(|count| *count <= PLAUSIBLE) && self.sum <= u128::from(u64::MAX) * u128::from(PLAUSIBLE)
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days, and no bucket ends beyond an hour")]
    pub(super) fn observe(&mut self, time: Monotonic) {
        let seconds = time as f64 / 1e9;
        let bucket = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        self.counts[bucket] += 1;
        self.sum += u128::from(time);
    }

    /// Adds the observations of another one with the same buckets.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.sum += other.sum;
    }

    /// Observations up to each bound, and up to infinity: the number of all.
    pub fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.counts[..=self.bounds.len()].iter().scan(0, |below, count| {
            *below += count;
            Some(*below)
        })
    }

    /// Lines of it.
    pub(crate) fn lines(&self) -> usize {
        self.bounds.len() + 3
    }

    /// Whole seconds, and nanoseconds.
    #[must_use]
    pub fn sum(&self) -> (u64, u32) {
        const SECOND: u128 = 1_000_000_000;
        let seconds = u64::try_from(self.sum / SECOND).unwrap_or(u64::MAX);
        (seconds, u32::try_from(self.sum % SECOND).unwrap_or_default())
    }
}

fn bounds_of(metric: Metric) -> &'static [f64] {
    match FAMILIES.iter().find(|family| family.metric == metric).map(|family| family.kind) {
        Some(Kind::Histogram(bounds)) => bounds,
        _ => &[],
    }
}
