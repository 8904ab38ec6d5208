//! A workload's and a pod's values, in the observing socket's view.

use super::counters::Counters;
use super::rows::{Place, Row, Shape, count, rows};
use super::{Reading, Values};
use crate::metrics::WORKLOAD;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{LabelKind, Metric, Metrics};
use serde::{Deserialize, Serialize};

const COUNTERS: [Row; count(LabelKind::Workload, Shape::Counter)] = rows(LabelKind::Workload, Shape::Counter);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WorkloadValues {
    established: Metrics,
    counters: Counters<{ COUNTERS.len() }>,
}

impl Values for WorkloadValues {
    const METRICS: Metrics = WORKLOAD;

    fn add(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if delta.failed.is_none() {
            self.established = self.established.union(metrics);
        }
        self.counters.add(&COUNTERS, reporter, metrics, delta);
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        if !self.established.contains(metric) {
            return Reading::Absent;
        }
        Reading::Counter(self.counters.get(Place::of(metric).at))
    }

    fn present(&self) -> Lines {
        Lines::of(self.established)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.established = self.established.difference(metrics);
        metrics.iter().for_each(|metric| self.counters.clear(Place::of(metric).at));
    }

    fn restore(&mut self, _version: u32) -> bool {
        self.counters.are_plausible()
    }
}
