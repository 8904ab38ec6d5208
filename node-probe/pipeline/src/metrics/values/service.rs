//! An edge's values. Bytes as Istio counts them.

use super::{REASONS, Reading, Values, are_sums, masked};
use crate::metrics::births::Lines;
use crate::metrics::{Histogram, SERVICE};
use crate::observation::{Delta, Reporter};
use longwire_model::series::{Metric, Metrics};
use serde::{Deserialize, Serialize};
use std::mem;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServiceValues {
    /// Metrics of connections that established or were adopted. A label set of failures only has no other series.
    established: Metrics,
    active: i64,
    sums: Sums,
    rtt: Option<Box<Histogram>>,
    handshake: Option<Box<Histogram>>,
    duration: Option<Box<Histogram>>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    sent: u64,
    received: u64,
    opened: u64,
    closed: u64,
    retransmitted_bytes: u64,
    lost: u64,
    failed: [u64; REASONS],
}

impl ServiceValues {
    fn counter(&self, metric: Metric, value: u64) -> Reading<'_> {
        if self.established.contains(metric) { Reading::Counter(value) } else { Reading::Absent }
    }

    #[inline]
    fn add_some(&mut self, reporter: Reporter, metrics: Metrics, delta: &Delta) {
        if delta.failed.is_none() {
            self.established = self.established.union(metrics);
        }
        // Received bytes come from the client, whichever end reports them.
        let (received, sent) = match reporter {
            Reporter::Source => (delta.sent, delta.received),
            Reporter::Destination => (delta.received, delta.sent),
        };
        let sums = &mut self.sums;
        sums.received += masked(metrics, Metric::IstioReceivedBytes, received);
        sums.sent += masked(metrics, Metric::IstioSentBytes, sent);
        sums.opened += masked(metrics, Metric::IstioOpened, delta.opened);
        sums.closed += masked(metrics, Metric::IstioClosed, delta.closed);
        sums.retransmitted_bytes += masked(metrics, Metric::LongwireRetransmittedBytes, delta.retransmitted_bytes);
        sums.lost += masked(metrics, Metric::LongwireLostPackets, delta.lost);
        if let Some((reason, count)) = delta.failed {
            sums.failed[reason as usize] += masked(metrics, Metric::LongwireFailed, count);
        }
        let rtt = delta.rtt_us.map(|rtt| u64::from(rtt) * 1_000);
        observe(&mut self.rtt, metrics, Metric::LongwireRtt, rtt);
        observe(&mut self.handshake, metrics, Metric::LongwireHandshake, delta.handshake);
        observe(&mut self.duration, metrics, Metric::LongwireDuration, delta.duration);
    }

    fn forget_one(&mut self, metric: Metric) {
        let Self { established: _, active, sums, rtt, handshake, duration } = self;
        match metric {
            Metric::IstioSentBytes => sums.sent = 0,
            Metric::IstioReceivedBytes => sums.received = 0,
            Metric::IstioOpened => sums.opened = 0,
            Metric::IstioClosed => sums.closed = 0,
            Metric::LongwireFailed => sums.failed = [0; REASONS],
            Metric::LongwireActive => *active = 0,
            Metric::LongwireRetransmittedBytes => sums.retransmitted_bytes = 0,
            Metric::LongwireLostPackets => sums.lost = 0,
            Metric::LongwireRtt => *rtt = None,
            Metric::LongwireHandshake => *handshake = None,
            Metric::LongwireDuration => *duration = None,
            _ => {}
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
        match metric {
            Metric::IstioSentBytes => self.counter(metric, self.sums.sent),
            Metric::IstioReceivedBytes => self.counter(metric, self.sums.received),
            Metric::IstioOpened => self.counter(metric, self.sums.opened),
            Metric::IstioClosed => self.counter(metric, self.sums.closed),
            Metric::LongwireRetransmittedBytes => self.counter(metric, self.sums.retransmitted_bytes),
            Metric::LongwireLostPackets => self.counter(metric, self.sums.lost),
            Metric::LongwireActive if self.established.contains(metric) => Reading::Gauge(self.active),
            Metric::LongwireFailed => Reading::Reasons(&self.sums.failed),
            Metric::LongwireRtt => read_histogram(self.rtt.as_deref()),
            Metric::LongwireHandshake => read_histogram(self.handshake.as_deref()),
            Metric::LongwireDuration => read_histogram(self.duration.as_deref()),
            _ => Reading::Absent,
        }
    }

    /// Histograms among the metrics that are on have lines once there is something in them.
    fn present(&self) -> Lines {
        let histograms = [
            (&self.rtt, Metric::LongwireRtt),
            (&self.handshake, Metric::LongwireHandshake),
            (&self.duration, Metric::LongwireDuration),
        ];
        let mut metrics = self.established;
        for (histogram, metric) in histograms {
            metrics = if histogram.is_some() { metrics.with(metric) } else { metrics.without(metric) };
        }
        Lines::of(metrics).and_failures(&self.sums.failed)
    }

    fn take_late(&mut self, shown: &Self) -> Self {
        let mut late = Self::default();
        let failed = self.sums.failed.iter_mut().zip(&mut late.sums.failed);
        for ((count, late), shown) in failed.zip(&shown.sums.failed) {
            if *shown == 0 {
                *late = mem::take(count);
            }
        }
        let take = |histogram: &mut Option<Box<Histogram>>, shown: &Option<Box<Histogram>>| {
            if shown.is_none() { histogram.take() } else { None }
        };
        late.rtt = take(&mut self.rtt, &shown.rtt);
        late.handshake = take(&mut self.handshake, &shown.handshake);
        late.duration = take(&mut self.duration, &shown.duration);
        late
    }

    fn absorb(&mut self, late: Self) {
        let Self { established: _, active: _, sums, rtt, handshake, duration } = late;
        for (count, late) in self.sums.failed.iter_mut().zip(sums.failed) {
            *count += late;
        }
        absorb(&mut self.rtt, rtt);
        absorb(&mut self.handshake, handshake);
        absorb(&mut self.duration, duration);
    }

    fn forget(&mut self, metrics: Metrics) {
        self.established = self.established.difference(metrics);
        metrics.iter().for_each(|metric| self.forget_one(metric));
    }

    fn restore(&mut self) -> bool {
        let Sums { sent, received, opened, closed, retransmitted_bytes, lost, failed } = self.sums;
        let histograms = [
            (&mut self.rtt, Metric::LongwireRtt),
            (&mut self.handshake, Metric::LongwireHandshake),
            (&mut self.duration, Metric::LongwireDuration),
        ];
        self.active = 0;
        let mut are_plausible = true;
        for (histogram, metric) in histograms {
            are_plausible &= histogram.as_mut().is_none_or(|histogram| histogram.rebind(metric));
        }
        are_plausible && are_sums(&[sent, received, opened, closed, retransmitted_bytes, lost]) && are_sums(&failed)
    }
}

/// Made at the first observation: most edges never see a handshake or a close while others have all.
fn observe(histogram: &mut Option<Box<Histogram>>, metrics: Metrics, metric: Metric, time: Option<u64>) {
    if let Some(time) = time
        && metrics.contains(metric)
    {
        histogram.get_or_insert_with(|| Box::new(Histogram::new(metric))).observe(time);
    }
}

fn absorb(histogram: &mut Option<Box<Histogram>>, late: Option<Box<Histogram>>) {
    match (histogram, late) {
        (_, None) => {}
        (Some(histogram), Some(late)) => histogram.absorb(&late),
        (histogram @ None, late) => *histogram = late,
    }
}

fn read_histogram(histogram: Option<&Histogram>) -> Reading<'_> {
    histogram.map_or(Reading::Absent, Reading::Histogram)
}

/// Into the boxes that are there already.
impl Clone for ServiceValues {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        copy.clone_from(self);
        copy
    }

    fn clone_from(&mut self, source: &Self) {
        let Self { established, active, sums, rtt, handshake, duration } = source;
        (self.established, self.active, self.sums) = (*established, *active, *sums);
        self.rtt.clone_from(rtt);
        self.handshake.clone_from(handshake);
        self.duration.clone_from(duration);
    }
}
