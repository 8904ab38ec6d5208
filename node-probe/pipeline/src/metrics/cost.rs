//! What label sets cost, in lines and in bytes.

use super::budget::{Amount, Measure, lines_at_once};
use super::sets::{Set, Sets};
use super::values::Values;
use crate::labels::{Differences, LabelSet};
use longwire_model::series::Metrics;

/// Bytes of a set beside its own.
const TABLES_AND_STATE: usize = 480;
/// Differences stand in the set, among the values of tags that are known, and in two states.
const DIFFERENCES: usize = 4;

impl<K: LabelSet, V: Values> Sets<K, V> {
    /// Bytes that a set takes whose labels take so many bytes in an encoder: itself, its places in the tables, and what stands in the
    /// saved state, which is in memory too, twice while it is replaced.
    pub(super) fn weight(labels: usize, differences: &Differences) -> usize {
        // The slots double when they run out.
        size_of::<Option<Set<K, V>>>() * 3 / 2 + TABLES_AND_STATE + labels + DIFFERENCES * differences.bytes()
    }

    /// Of further metrics of a set that is there.
    pub(super) fn cost_of_metrics(&self, metrics: Metrics) -> Amount {
        let lines = if self.measure == Measure::Lines { lines_at_once(metrics) } else { 0 };
        Amount { lines, ..Amount::default() }
    }

    /// `labels`: bytes that they take in an encoder.
    pub(super) fn cost_of_set(&self, metrics: Metrics, labels: usize, differences: &Differences) -> Amount {
        let connections = usize::from(self.measure == Measure::Sets);
        Amount { connections, bytes: Self::weight(labels, differences), ..self.cost_of_metrics(metrics) }
    }
}

impl<K: LabelSet, V: Values> Set<K, V> {
    /// Its cost.
    pub(super) fn cost(&self, measure: Measure) -> Amount {
        // The overflow set of a namespace is charged without its labels.
        let labels = if self.is_overflow { 0 } else { self.fingerprint.bytes };
        let bytes = Sets::<K, V>::weight(labels, self.differences());
        Amount { lines: self.charged, connections: usize::from(measure == Measure::Sets), bytes }
    }
}
