//! A workload's and a pod's values, in the observing socket's view.

use super::{Reading, Values, are_sums, masked};
use crate::metrics::WORKLOAD;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{Metric, Metrics};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WorkloadValues {
    established: Metrics,
    opened: u64,
    closed: u64,
    sent: u64,
    received: u64,
    retransmits: u64,
    lost: u64,
}

impl WorkloadValues {
    fn figure(&self, metric: Metric) -> Option<u64> {
        match metric {
            Metric::KmeshWorkloadOpened => Some(self.opened),
            Metric::KmeshWorkloadClosed => Some(self.closed),
            Metric::KmeshWorkloadSentBytes => Some(self.sent),
            Metric::KmeshWorkloadReceivedBytes => Some(self.received),
            Metric::KmeshWorkloadRetrans => Some(self.retransmits),
            Metric::KmeshWorkloadPacketLoss => Some(self.lost),
            _ => None,
        }
    }

    fn forget_one(&mut self, metric: Metric) {
        match metric {
            Metric::KmeshWorkloadOpened => self.opened = 0,
            Metric::KmeshWorkloadClosed => self.closed = 0,
            Metric::KmeshWorkloadSentBytes => self.sent = 0,
            Metric::KmeshWorkloadReceivedBytes => self.received = 0,
            Metric::KmeshWorkloadRetrans => self.retransmits = 0,
            Metric::KmeshWorkloadPacketLoss => self.lost = 0,
            _ => {}
        }
    }
}

impl Values for WorkloadValues {
    const METRICS: Metrics = WORKLOAD;

    fn add(&mut self, _reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if delta.failed.is_none() {
            self.established = self.established.union(metrics);
        }
        self.opened += masked(metrics, Metric::KmeshWorkloadOpened, delta.opened);
        self.closed += masked(metrics, Metric::KmeshWorkloadClosed, delta.closed);
        self.sent += masked(metrics, Metric::KmeshWorkloadSentBytes, delta.sent);
        self.received += masked(metrics, Metric::KmeshWorkloadReceivedBytes, delta.received);
        self.retransmits += masked(metrics, Metric::KmeshWorkloadRetrans, delta.retransmits);
        self.lost += masked(metrics, Metric::KmeshWorkloadPacketLoss, delta.lost);
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        let figure = self.figure(metric).filter(|_| self.established.contains(metric));
        figure.map_or(Reading::Absent, Reading::Counter)
    }

    fn present(&self) -> Lines {
        Lines::of(self.established)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.established = self.established.difference(metrics);
        metrics.iter().for_each(|metric| self.forget_one(metric));
    }

    fn restore(&mut self) -> bool {
        are_sums(&[self.opened, self.closed, self.sent, self.received, self.retransmits, self.lost])
    }
}
