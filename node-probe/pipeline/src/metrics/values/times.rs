//! The histograms of one label set. Made at the first observation: most edges never see a handshake or a close while others have all.

use super::Reading;
use super::rows::Row;
use crate::metrics::Histogram;
use crate::observation::Delta;
use longwire_model::series::{Metrics, Quantity};
use serde::{Deserialize, Serialize};
use std::array;

/// In the order of the rows of their kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    transparent,
    bound(
        serialize = "[Option<Box<Histogram>>; N]: Serialize",
        deserialize = "[Option<Box<Histogram>>; N]: Deserialize<'de>"
    )
)]
pub(super) struct Times<const N: usize>([Option<Box<Histogram>>; N]);

impl<const N: usize> Default for Times<N> {
    fn default() -> Self {
        Self(array::from_fn(|_| None))
    }
}

impl<const N: usize> Times<N> {
    /// `metrics`: those that take part.
    #[inline(always)]
    pub(super) fn observe(&mut self, rows: &[Row; N], metrics: Metrics, delta: &Delta) {
        for (histogram, row) in self.0.iter_mut().zip(rows) {
            if let Some(time) = observed(row.quantity, delta)
                && metrics.contains(row.metric)
            {
                histogram.get_or_insert_with(|| Box::new(Histogram::new(row.metric))).observe(time);
            }
        }
    }

    pub(super) fn read(&self, at: usize) -> Reading<'_> {
        self.0[at].as_deref().map_or(Reading::Absent, Reading::Histogram)
    }

    /// These metrics, without those of histograms with nothing in them and with the others.
    pub(super) fn present(&self, rows: &[Row; N], metrics: Metrics) -> Metrics {
        self.0.iter().zip(rows).fold(metrics, |metrics, (histogram, row)| {
            if histogram.is_some() { metrics.with(row.metric) } else { metrics.without(row.metric) }
        })
    }

    /// Moves out those that `shown` does not have.
    pub(super) fn take_late(&mut self, shown: &Self) -> Self {
        Self(array::from_fn(|at| if shown.0[at].is_none() { self.0[at].take() } else { None }))
    }

    pub(super) fn absorb(&mut self, late: Self) {
        for (histogram, late) in self.0.iter_mut().zip(late.0) {
            match (histogram, late) {
                (_, None) => {}
                (Some(histogram), Some(late)) => histogram.absorb(&late),
                (histogram @ None, late) => *histogram = late,
            }
        }
    }

    pub(super) fn clear(&mut self, at: usize) {
        self.0[at] = None;
    }

    /// After they were read from a state. Returns whether they can be true.
    pub(super) fn rebind(&mut self, rows: &[Row; N]) -> bool {
        let mut both = self.0.iter_mut().zip(rows);
        both.all(|(histogram, row)| histogram.as_mut().is_none_or(|histogram| histogram.rebind(row.metric)))
    }
}

/// Nanoseconds.
#[inline(always)]
fn observed(quantity: Quantity, delta: &Delta) -> Option<u64> {
    match quantity {
        Quantity::Rtt => delta.rtt_us.map(|rtt| u64::from(rtt) * 1_000),
        Quantity::Handshake => delta.handshake,
        Quantity::Duration => delta.duration,
        _ => None,
    }
}

/// Into the boxes that are there already.
impl<const N: usize> Clone for Times<N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        self.0.clone_from(&source.0);
    }
}
