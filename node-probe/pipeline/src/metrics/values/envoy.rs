//! A cluster's values as Envoy counts them in the client's pod.

use super::counters::Counters;
use super::rows::{Place, Row, Shape, count, rows};
use super::{Reading, Values};
use crate::metrics::ENVOY;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{LabelKind, Metric, Metrics};
use serde::{Deserialize, Serialize};

const COUNTERS: [Row; count(LabelKind::Cluster, Shape::Counter)] = rows(LabelKind::Cluster, Shape::Counter);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct EnvoyValues {
    exposed: Metrics,
    active: i64,
    counters: Counters<{ COUNTERS.len() }>,
}

impl EnvoyValues {
    fn forget_one(&mut self, metric: Metric) {
        match Place::of(metric) {
            Place { shape: Shape::Gauge, .. } => self.active = 0,
            Place { at, .. } => self.counters.clear(at),
        }
    }
}

impl Values for EnvoyValues {
    const METRICS: Metrics = ENVOY;

    fn add(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        self.exposed = self.exposed.union(metrics);
        self.counters.add(&COUNTERS, reporter, metrics, delta);
    }

    fn activate(&mut self, metrics: Metrics, connections: i64) {
        if metrics.contains(Metric::EnvoyActive) {
            self.active += connections;
        }
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        if !self.exposed.contains(metric) {
            return Reading::Absent;
        }
        match Place::of(metric) {
            Place { shape: Shape::Gauge, .. } => Reading::Gauge(self.active),
            Place { at, .. } => Reading::Counter(self.counters.get(at)),
        }
    }

    fn present(&self) -> Lines {
        Lines::of(self.exposed)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.exposed = self.exposed.difference(metrics);
        metrics.iter().for_each(|metric| self.forget_one(metric));
    }

    fn restore(&mut self, _version: u32) -> bool {
        self.active = 0;
        self.counters.are_plausible()
    }
}
