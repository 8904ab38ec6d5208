//! The figures of one label set.

use super::Histogram;
use super::lifetime::Released;
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{Metric, SeriesSet, SeriesSets};

/// The series sets that carry an edge's labels.
pub(super) const SERVICE_SETS: SeriesSets = SeriesSets::NONE.with(SeriesSet::Istio).with(SeriesSet::Longwire);
const REASONS: usize = FailReason::ALL.len();

/// What a label set says in one family.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading<'a> {
    /// Nothing yet.
    Absent,
    Counter(u64),
    Gauge(i64),
    /// In the order of [`FailReason::ALL`]; 0 is left out.
    Reasons(&'a [u64; REASONS]),
    Histogram(&'a Histogram),
}

pub(crate) trait Readings {
    fn read(&self, metric: Metric) -> Reading<'_>;
}

impl Reading<'_> {
    pub(crate) fn lines(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Counter(_) | Self::Gauge(_) => 1,
            Self::Reasons(counts) => counts.iter().filter(|count| **count != 0).count(),
            Self::Histogram(histogram) => histogram.lines(),
        }
    }
}

/// An edge's. Bytes as Istio sees them.
#[derive(Debug)]
pub(crate) struct ServiceValues {
    /// What was on for a delta of this label set.
    pub(super) known: SeriesSets,
    /// Of those: what found no room and folds.
    pub(super) refused: SeriesSets,
    /// What was on for a connection that established, or was adopted. A label set of failures has no other series.
    established: SeriesSets,
    /// Lines of the budget.
    pub(super) charged: usize,
    pub(super) active: i64,
    sent: u64,
    received: u64,
    opened: u64,
    closed: u64,
    retransmitted_bytes: u64,
    lost: u64,
    failed: [u64; REASONS],
    rtt: Option<Box<Histogram>>,
    handshake: Option<Box<Histogram>>,
    duration: Option<Box<Histogram>>,
}

impl ServiceValues {
    /// `sets`: which families take part.
    pub(super) fn add(&mut self, reporter: Reporter, sets: SeriesSets, delta: &Delta) {
        if delta.failed.is_none() {
            self.established = self.established.union(sets);
        }
        if sets.contains(SeriesSet::Istio) {
            // Received is what came from the client, whichever end says so.
            let (received, sent) = match reporter {
                Reporter::Source => (delta.sent, delta.received),
                Reporter::Destination => (delta.received, delta.sent),
            };
            self.received += received;
            self.sent += sent;
            self.opened += u64::from(delta.opened);
            self.closed += u64::from(delta.closed);
        }
        if sets.contains(SeriesSet::Longwire) {
            self.retransmitted_bytes += delta.retransmitted_bytes;
            self.lost += u64::from(delta.lost);
            if let Some(reason) = delta.failed {
                self.failed[reason as usize] += 1;
            }
            observe(&mut self.rtt, Metric::LongwireRtt, delta.rtt_us.map(|rtt| u64::from(rtt) * 1_000));
            observe(&mut self.handshake, Metric::LongwireHandshake, delta.handshake);
            observe(&mut self.duration, Metric::LongwireDuration, delta.duration);
        }
    }

    fn counter(&self, set: SeriesSet, value: u64) -> Reading<'_> {
        if self.established.contains(set) { Reading::Counter(value) } else { Reading::Absent }
    }
}

/// Made at the first observation: most edges never see a handshake or a close while others have all.
fn observe(histogram: &mut Option<Box<Histogram>>, metric: Metric, time: Option<u64>) {
    if let Some(time) = time {
        histogram.get_or_insert_with(|| Box::new(Histogram::new(metric))).observe(time);
    }
}

fn read_histogram(histogram: Option<&Histogram>) -> Reading<'_> {
    histogram.map_or(Reading::Absent, Reading::Histogram)
}

impl Default for ServiceValues {
    fn default() -> Self {
        Self {
            known: SeriesSets::NONE,
            refused: SeriesSets::NONE,
            established: SeriesSets::NONE,
            charged: 0,
            active: 0,
            sent: 0,
            received: 0,
            opened: 0,
            closed: 0,
            retransmitted_bytes: 0,
            lost: 0,
            failed: [0; REASONS],
            rtt: None,
            handshake: None,
            duration: None,
        }
    }
}

impl Readings for ServiceValues {
    fn read(&self, metric: Metric) -> Reading<'_> {
        match metric {
            Metric::IstioSentBytes => self.counter(SeriesSet::Istio, self.sent),
            Metric::IstioReceivedBytes => self.counter(SeriesSet::Istio, self.received),
            Metric::IstioOpened => self.counter(SeriesSet::Istio, self.opened),
            Metric::IstioClosed => self.counter(SeriesSet::Istio, self.closed),
            Metric::LongwireRetransmittedBytes => self.counter(SeriesSet::Longwire, self.retransmitted_bytes),
            Metric::LongwireLostPackets => self.counter(SeriesSet::Longwire, self.lost),
            Metric::LongwireActive if self.established.contains(SeriesSet::Longwire) => Reading::Gauge(self.active),
            Metric::LongwireFailed => Reading::Reasons(&self.failed),
            Metric::LongwireRtt => read_histogram(self.rtt.as_deref()),
            Metric::LongwireHandshake => read_histogram(self.handshake.as_deref()),
            Metric::LongwireDuration => read_histogram(self.duration.as_deref()),
            _ => Reading::Absent,
        }
    }
}

/// A workload's and a pod's, in the observing socket's view.
#[derive(Debug, Default)]
pub(crate) struct WorkloadValues {
    is_shown: bool,
    opened: u64,
    closed: u64,
    sent: u64,
    received: u64,
    retransmits: u64,
    lost: u64,
}

impl WorkloadValues {
    pub(super) fn add(&mut self, delta: &Delta) {
        self.is_shown |= delta.failed.is_none();
        self.opened += u64::from(delta.opened);
        self.closed += u64::from(delta.closed);
        self.sent += delta.sent;
        self.received += delta.received;
        self.retransmits += u64::from(delta.retransmits);
        self.lost += u64::from(delta.lost);
    }
}

impl Readings for WorkloadValues {
    fn read(&self, metric: Metric) -> Reading<'_> {
        let value = match metric {
            Metric::KmeshWorkloadOpened => self.opened,
            Metric::KmeshWorkloadClosed => self.closed,
            Metric::KmeshWorkloadSentBytes => self.sent,
            Metric::KmeshWorkloadReceivedBytes => self.received,
            Metric::KmeshWorkloadRetrans => self.retransmits,
            Metric::KmeshWorkloadPacketLoss => self.lost,
            _ => return Reading::Absent,
        };
        if self.is_shown { Reading::Counter(value) } else { Reading::Absent }
    }
}

/// A long connection's, in the observing socket's view.
#[derive(Debug, Default)]
pub(crate) struct ConnectionValues {
    is_shown: bool,
    /// `None`: the connection lives.
    pub(super) released: Option<Released>,
    sent: u64,
    received: u64,
    retransmits: u64,
    lost: u64,
}

impl ConnectionValues {
    pub(super) fn add(&mut self, delta: &Delta) {
        self.is_shown = true;
        self.sent += delta.sent;
        self.received += delta.received;
        self.retransmits += u64::from(delta.retransmits);
        self.lost += u64::from(delta.lost);
    }
}

impl Readings for ConnectionValues {
    fn read(&self, metric: Metric) -> Reading<'_> {
        let value = match metric {
            Metric::KmeshConnectionSentBytes => self.sent,
            Metric::KmeshConnectionReceivedBytes => self.received,
            Metric::KmeshConnectionRetrans => self.retransmits,
            Metric::KmeshConnectionPacketLost => self.lost,
            _ => return Reading::Absent,
        };
        if self.is_shown { Reading::Counter(value) } else { Reading::Absent }
    }
}
