//! The bytes between two workloads, as Istio counts them: a line for each direction.

use super::counters::counted;
use super::{Reading, Values, WAYS, are_sums, masked};
use crate::metrics::LOCALITY;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{Metric, Metrics, Quantity};
use serde::{Deserialize, Serialize};

/// What each line counts, in the order of [`DIRECTIONS`](longwire_model::series::DIRECTIONS).
const LINES: [Quantity; WAYS] = [Quantity::FromServer, Quantity::FromClient];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LocalityValues {
    established: Metrics,
    bytes: [u64; WAYS],
}

impl Values for LocalityValues {
    const METRICS: Metrics = LOCALITY;

    fn add(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if delta.failed.is_none() {
            self.established = self.established.union(metrics);
        }
        for (sum, quantity) in self.bytes.iter_mut().zip(LINES) {
            *sum += masked(metrics, Metric::LocalityBytes, counted(quantity, reporter, delta));
        }
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        if self.established.contains(metric) { Reading::Directions(self.bytes) } else { Reading::Absent }
    }

    fn present(&self) -> Lines {
        Lines::of(self.established)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.established = self.established.difference(metrics);
        if metrics.contains(Metric::LocalityBytes) {
            self.bytes = [0; WAYS];
        }
    }

    fn restore(&mut self, _version: u32) -> bool {
        are_sums(&self.bytes)
    }
}
