//! An edge's values. Bytes as Istio counts them.

use super::counters::Counters;
use super::rows::{Place, Row, Shape, count, rows};
use super::times::Times;
use super::{REASONS, Reading, Values, are_sums, masked};
use crate::metrics::SERVICE;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{LabelKind, Metric, Metrics};
use serde::{Deserialize, Serialize};
use std::mem;

const COUNTERS: [Row; count(LabelKind::Service, Shape::Counter)] = rows(LabelKind::Service, Shape::Counter);
const TIMES: [Row; count(LabelKind::Service, Shape::Histogram)] = rows(LabelKind::Service, Shape::Histogram);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServiceValues {
    /// Metrics of connections that established or were adopted. A label set of failures only has no other series.
    established: Metrics,
    active: i64,
    counters: Counters<{ COUNTERS.len() }>,
    failed: [u64; REASONS],
    times: Times<{ TIMES.len() }>,
}

impl ServiceValues {
    #[inline(always)]
    fn add_some(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if delta.failed.is_none() {
            self.established = self.established.union(metrics);
        }
        self.counters.add(&COUNTERS, reporter, metrics, delta);
        if let Some((reason, count)) = delta.failed {
            self.failed[reason as usize] += masked(metrics, Metric::LongwireFailed, count);
        }
        self.times.observe(&TIMES, metrics, delta);
    }

    fn forget_one(&mut self, metric: Metric) {
        let Place { shape, at } = Place::of(metric);
        match shape {
            Shape::Counter => self.counters.clear(at),
            Shape::Reasons => self.failed = [0; REASONS],
            Shape::Directions => {}
            Shape::Gauge => self.active = 0,
            Shape::Histogram => self.times.clear(at),
        }
    }
}

impl Values for ServiceValues {
    const METRICS: Metrics = SERVICE;

    /// Nearly always all of them: then nothing is masked.
    fn add(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if metrics == SERVICE {
            self.add_some(reporter, SERVICE, delta);
        } else {
            self.add_some(reporter, metrics, delta);
        }
    }

    fn activate(&mut self, metrics: Metrics, connections: i64) {
        if metrics.contains(Metric::LongwireActive) {
            self.active += connections;
        }
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        let Place { shape, at } = Place::of(metric);
        match shape {
            Shape::Counter if self.established.contains(metric) => Reading::Counter(self.counters.get(at)),
            Shape::Gauge if self.established.contains(metric) => Reading::Gauge(self.active),
            Shape::Counter | Shape::Gauge | Shape::Directions => Reading::Absent,
            Shape::Reasons => Reading::Reasons(&self.failed),
            Shape::Histogram => self.times.read(at),
        }
    }

    /// Histograms among the metrics that are on have lines once there is something in them.
    fn present(&self) -> Lines {
        Lines::of(self.times.present(&TIMES, self.established)).and_failures(&self.failed)
    }

    fn take_late(&mut self, shown: &Self) -> Self {
        let mut late = Self::default();
        for ((count, late), shown) in self.failed.iter_mut().zip(&mut late.failed).zip(&shown.failed) {
            if *shown == 0 {
                *late = mem::take(count);
            }
        }
        late.times = self.times.take_late(&shown.times);
        late
    }

    fn absorb(&mut self, late: Self) {
        for (count, late) in self.failed.iter_mut().zip(late.failed) {
            *count += late;
        }
        self.times.absorb(late.times);
    }

    fn forget(&mut self, metrics: Metrics) {
        self.established = self.established.difference(metrics);
        metrics.iter().for_each(|metric| self.forget_one(metric));
    }

    fn restore(&mut self, _version: u32) -> bool {
        self.active = 0;
        let are_plausible = self.times.rebind(&TIMES);
        are_plausible && self.counters.are_plausible() && are_sums(&self.failed)
    }
}

/// Into the boxes that are there already.
impl Clone for ServiceValues {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        copy.clone_from(self);
        copy
    }

    fn clone_from(&mut self, source: &Self) {
        let Self { established, active, counters, failed, times } = source;
        (self.established, self.active, self.counters, self.failed) = (*established, *active, *counters, *failed);
        self.times.clone_from(times);
    }
}
