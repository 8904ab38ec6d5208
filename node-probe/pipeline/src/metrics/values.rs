//! The values of one label set.

mod connection;
mod counters;
mod envoy;
mod locality;
mod rows;
mod service;
#[cfg(test)]
mod tests;
mod times;
mod workload;

pub(crate) use connection::ConnectionValues;
pub(crate) use envoy::EnvoyValues;
pub(crate) use locality::LocalityValues;
pub(crate) use service::ServiceValues;
pub(crate) use workload::WorkloadValues;

use super::Histogram;
use super::births::Lines;
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{DIRECTIONS, Metric, Metrics};
use std::fmt::Debug;

pub(super) const REASONS: usize = FailReason::ALL.len();
pub(super) const WAYS: usize = DIRECTIONS.len();
/// Sums stay far below. A saved sum above it is damaged.
pub(super) const PLAUSIBLE: u64 = 1 << 60;

/// The values of a label set in one family.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    /// Nothing yet.
    Absent,
    Counter(u64),
    Gauge(i64),
    /// In the order of [`FailReason::ALL`]; 0 is left out.
    Reasons(&'a [u64; REASONS]),
    /// In the order of [`DIRECTIONS`].
    Directions([u64; WAYS]),
    Histogram(&'a Histogram),
}

impl Reading<'_> {
    pub(crate) fn lines(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Counter(_) | Self::Gauge(_) => 1,
            Self::Directions(_) => WAYS,
            Self::Reasons(counts) => counts.iter().filter(|count| **count != 0).count(),
            Self::Histogram(histogram) => histogram.lines(),
        }
    }
}

/// The values of one kind of label sets.
pub(crate) trait Values: Default + Clone + Debug {
    /// The metrics that read them.
    const METRICS: Metrics;

    /// `metrics`: those that take part. `reporter`: of the connection, which may differ from that of the labels.
    fn add(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta);

    /// Adds to the connections that are active.
    fn activate(&mut self, _metrics: Metrics, _connections: i64) {}

    fn read(&self, metric: Metric) -> Reading<'_>;

    /// Which lines of counters and histograms there are.
    fn present(&self) -> Lines;

    /// Moves out the reasons and histograms that `shown` does not have.
    fn take_late(&mut self, _shown: &Self) -> Self {
        Self::default()
    }

    /// Adds values that were moved out of another set.
    fn absorb(&mut self, _late: Self) {}

    /// These begin anew, and are not exposed before.
    fn forget(&mut self, metrics: Metrics);

    /// Prepares values that were read from a state of this version: no connection is active. Returns whether they can be true.
    fn restore(&mut self, version: u32) -> bool;

    /// Lines in a scrape.
    fn lines(&self) -> usize {
        Self::METRICS.iter().map(|metric| self.read(metric).lines()).sum()
    }
}

/// `value` where the metric takes part, else 0: without a branch.
fn masked(metrics: Metrics, metric: Metric, value: u64) -> u64 {
    value & u64::from(metrics.contains(metric)).wrapping_neg()
}

fn are_sums<'a>(values: impl IntoIterator<Item = &'a u64>) -> bool {
    values.into_iter().all(|value| *value <= PLAUSIBLE)
}
