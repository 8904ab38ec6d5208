//! A long connection's values, in the observing socket's view.

use super::counters::Counters;
use super::rows::{Place, Row, Shape, count, rows};
use super::{Reading, Values};
use crate::metrics::CONNECTION;
use crate::metrics::births::Lines;
use crate::observation::{Delta, Reporter};
use longwire_model::series::{LabelKind, Metric, Metrics};
use serde::{Deserialize, Serialize};

const COUNTERS: [Row; count(LabelKind::Connection, Shape::Counter)] = rows(LabelKind::Connection, Shape::Counter);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ConnectionValues {
    exposed: Metrics,
    counters: Counters<{ COUNTERS.len() }>,
}

impl ConnectionValues {
    #[inline(always)]
    fn add_some(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        self.exposed = self.exposed.union(metrics);
        self.counters.add(&COUNTERS, reporter, metrics, delta);
    }
}

impl Values for ConnectionValues {
    const METRICS: Metrics = CONNECTION;

    /// Nearly always all of them: then nothing is masked.
    fn add(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if metrics == CONNECTION {
            self.add_some(reporter, CONNECTION, delta);
        } else {
            self.add_some(reporter, metrics, delta);
        }
    }

    fn read(&self, metric: Metric) -> Reading<'_> {
        if !self.exposed.contains(metric) {
            return Reading::Absent;
        }
        Reading::Counter(self.counters.get(Place::of(metric).at))
    }

    fn present(&self) -> Lines {
        Lines::of(self.exposed)
    }

    fn forget(&mut self, metrics: Metrics) {
        self.exposed = self.exposed.difference(metrics);
        metrics.iter().for_each(|metric| self.counters.clear(Place::of(metric).at));
    }

    /// Until version 4 the retransmits stood before the losses.
    fn restore(&mut self, version: u32) -> bool {
        if version <= 4 {
            let place = |metric| Place::of(metric).at;
            self.counters.swap(place(Metric::KmeshConnectionPacketLost), place(Metric::KmeshConnectionRetrans));
        }
        self.counters.are_plausible()
    }
}
