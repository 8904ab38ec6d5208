//! A long connection's values, in the observing socket's view.

use super::{Reading, Values, are_sums, masked};
use crate::metrics::CONNECTION;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{Metric, Metrics};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ConnectionValues {
    exposed: Metrics,
    sent: u64,
    received: u64,
    retransmits: u64,
    lost: u64,
}

impl ConnectionValues {
    fn figure(&self, metric: Metric) -> Option<u64> {
        match metric {
            Metric::KmeshConnectionSentBytes => Some(self.sent),
            Metric::KmeshConnectionReceivedBytes => Some(self.received),
            Metric::KmeshConnectionRetrans => Some(self.retransmits),
            Metric::KmeshConnectionPacketLost => Some(self.lost),
            _ => None,
        }
    }

    #[inline]
    fn add_some(&mut self, metrics: Metrics, delta: &Delta) {
        self.exposed = self.exposed.union(metrics);
        self.sent += masked(metrics, Metric::KmeshConnectionSentBytes, delta.sent);
        self.received += masked(metrics, Metric::KmeshConnectionReceivedBytes, delta.received);
        self.retransmits += masked(metrics, Metric::KmeshConnectionRetrans, delta.retransmits);
        self.lost += masked(metrics, Metric::KmeshConnectionPacketLost, delta.lost);
    }

    fn forget_one(&mut self, metric: Metric) {
        match metric {
            Metric::KmeshConnectionSentBytes => self.sent = 0,
            Metric::KmeshConnectionReceivedBytes => self.received = 0,
            Metric::KmeshConnectionRetrans => self.retransmits = 0,
            Metric::KmeshConnectionPacketLost => self.lost = 0,
            _ => {}
        }
    }
}

impl Values for ConnectionValues {
    const METRICS: Metrics = CONNECTION;

    /// Nearly always all of them: then nothing is masked.
    fn add(&mut self, _reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if metrics == CONNECTION {
            self.add_some(CONNECTION, delta);
        } else {
            self.add_some(metrics, delta);
        }
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        let figure = self.figure(metric).filter(|_| self.exposed.contains(metric));
        figure.map_or(Reading::Absent, Reading::Counter)
    }

    fn present(&self) -> Lines {
        Lines::of(self.exposed)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.exposed = self.exposed.difference(metrics);
        metrics.iter().for_each(|metric| self.forget_one(metric));
    }

    fn restore(&mut self) -> bool {
        are_sums(&[self.sent, self.received, self.retransmits, self.lost])
    }
}
