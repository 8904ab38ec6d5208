//! A cluster's values as Envoy counts them in the client's pod.

use super::{Reading, Values, are_sums, masked};
use crate::metrics::ENVOY;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{Metric, Metrics};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct EnvoyValues {
    exposed: Metrics,
    active: i64,
    total: u64,
    connect_fail: u64,
    destroy: u64,
    destroy_local: u64,
    destroy_remote: u64,
    received: u64,
    sent: u64,
}

impl EnvoyValues {
    fn figure(&self, metric: Metric) -> Option<u64> {
        match metric {
            Metric::EnvoyTotal => Some(self.total),
            Metric::EnvoyConnectFail => Some(self.connect_fail),
            Metric::EnvoyDestroy => Some(self.destroy),
            Metric::EnvoyDestroyLocal => Some(self.destroy_local),
            Metric::EnvoyDestroyRemote => Some(self.destroy_remote),
            Metric::EnvoyRxBytes => Some(self.received),
            Metric::EnvoyTxBytes => Some(self.sent),
            _ => None,
        }
    }

    fn forget_one(&mut self, metric: Metric) {
        match metric {
            Metric::EnvoyTotal => self.total = 0,
            Metric::EnvoyActive => self.active = 0,
            Metric::EnvoyConnectFail => self.connect_fail = 0,
            Metric::EnvoyDestroy => self.destroy = 0,
            Metric::EnvoyDestroyLocal => self.destroy_local = 0,
            Metric::EnvoyDestroyRemote => self.destroy_remote = 0,
            Metric::EnvoyRxBytes => self.received = 0,
            Metric::EnvoyTxBytes => self.sent = 0,
            _ => {}
        }
    }
}

impl Values for EnvoyValues {
    const METRICS: Metrics = ENVOY;

    /// Of what failed, only an attempt that the application gave up is closed by itself in Envoy's eyes.
    fn add(&mut self, _reporter: Reporter, metrics: Metrics, delta: &Delta) {
        self.exposed = self.exposed.union(metrics);
        let (aborted, answered) = match delta.failed {
            Some((FailReason::Aborted, count)) => (count, 0),
            Some((_, count)) => (0, count),
            None => (0, 0),
        };
        let failed = aborted + answered;
        let closed_by_remote = delta.closed_by_remote.min(delta.closed);
        self.total += masked(metrics, Metric::EnvoyTotal, delta.opened + failed);
        self.connect_fail += masked(metrics, Metric::EnvoyConnectFail, failed);
        self.destroy += masked(metrics, Metric::EnvoyDestroy, delta.closed + failed);
        let local = delta.closed - closed_by_remote + aborted;
        self.destroy_local += masked(metrics, Metric::EnvoyDestroyLocal, local);
        self.destroy_remote += masked(metrics, Metric::EnvoyDestroyRemote, closed_by_remote + answered);
        self.received += masked(metrics, Metric::EnvoyRxBytes, delta.received);
        self.sent += masked(metrics, Metric::EnvoyTxBytes, delta.sent);
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
        if metric == Metric::EnvoyActive {
            return Reading::Gauge(self.active);
        }
        self.figure(metric).map_or(Reading::Absent, Reading::Counter)
    }

    fn present(&self) -> Lines {
        Lines::of(self.exposed)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.exposed = self.exposed.difference(metrics);
        metrics.iter().for_each(|metric| self.forget_one(metric));
    }

    fn restore(&mut self) -> bool {
        let Self { exposed: _, active, total, connect_fail, destroy, destroy_local, destroy_remote, received, sent } =
            self;
        *active = 0;
        are_sums(&[*total, *connect_fail, *destroy, *destroy_local, *destroy_remote, *received, *sent])
    }
}
