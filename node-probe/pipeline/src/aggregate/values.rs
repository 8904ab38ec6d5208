//! The figures of one label set.

use super::Histogram;
use super::lifetime::Released;
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{FAMILIES, Metric, SeriesSet, SeriesSets};
use serde::{Deserialize, Serialize};

/// The series sets that carry an edge's labels.
pub(super) const SERVICE_SETS: SeriesSets = SeriesSets::NONE.with(SeriesSet::Istio).with(SeriesSet::Longwire);
const REASONS: usize = FailReason::ALL.len();
/// Sums of what a node does stay far below: saved ones above are no sums.
pub(super) const PLAUSIBLE: u64 = 1 << 60;

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
    /// The series sets whose families read these figures.
    const SETS: SeriesSets;

    fn read(&self, metric: Metric) -> Reading<'_>;

    /// Lines in a scrape.
    fn lines(&self) -> usize {
        let families = FAMILIES.iter().filter(|family| Self::SETS.contains(family.set));
        families.map(|family| self.read(family.metric).lines()).sum()
    }
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
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ServiceValues {
    /// What was on for a delta of this label set.
    pub(super) known: SeriesSets,
    /// Of those: what found no room and folds.
    pub(super) refused: SeriesSets,
    /// What was on for a connection that established, or was adopted. A label set of failures has no other series.
    established: SeriesSets,
    /// Lines of the budget.
    #[serde(skip)]
    pub(super) charged: usize,
    pub(super) active: i64,
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
            self.sums.received += received;
            self.sums.sent += sent;
            self.sums.opened += delta.opened;
            self.sums.closed += delta.closed;
        }
        if sets.contains(SeriesSet::Longwire) {
            self.sums.retransmitted_bytes += delta.retransmitted_bytes;
            self.sums.lost += delta.lost;
            if let Some((reason, count)) = delta.failed {
                self.sums.failed[reason as usize] += count;
            }
            observe(&mut self.rtt, Metric::LongwireRtt, delta.rtt_us.map(|rtt| u64::from(rtt) * 1_000));
            observe(&mut self.handshake, Metric::LongwireHandshake, delta.handshake);
            observe(&mut self.duration, Metric::LongwireDuration, delta.duration);
        }
    }

    /// After they were saved and read again; says whether they can be true.
    pub(super) fn restore(&mut self) -> bool {
        let Sums { sent, received, opened, closed, retransmitted_bytes, lost, failed } = self.sums;
        let histograms = [
            (&mut self.rtt, Metric::LongwireRtt),
            (&mut self.handshake, Metric::LongwireHandshake),
            (&mut self.duration, Metric::LongwireDuration),
        ];
        let mut are_plausible = true;
        for (histogram, metric) in histograms {
            are_plausible &= histogram.as_mut().is_none_or(|histogram| histogram.rebind(metric));
        }
        are_plausible
            && are_sums(&[sent, received, opened, closed, retransmitted_bytes, lost, self.active.unsigned_abs()])
            && are_sums(&failed)
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
            sums: Sums::default(),
            rtt: None,
            handshake: None,
            duration: None,
        }
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
        let Self { known, refused, established, charged, active, sums, rtt, handshake, duration } = source;
        (self.known, self.refused, self.established) = (*known, *refused, *established);
        (self.charged, self.active, self.sums) = (*charged, *active, *sums);
        self.rtt.clone_from(rtt);
        self.handshake.clone_from(handshake);
        self.duration.clone_from(duration);
    }
}

impl Readings for ServiceValues {
    const SETS: SeriesSets = SERVICE_SETS;

    fn read(&self, metric: Metric) -> Reading<'_> {
        match metric {
            Metric::IstioSentBytes => self.counter(SeriesSet::Istio, self.sums.sent),
            Metric::IstioReceivedBytes => self.counter(SeriesSet::Istio, self.sums.received),
            Metric::IstioOpened => self.counter(SeriesSet::Istio, self.sums.opened),
            Metric::IstioClosed => self.counter(SeriesSet::Istio, self.sums.closed),
            Metric::LongwireRetransmittedBytes => self.counter(SeriesSet::Longwire, self.sums.retransmitted_bytes),
            Metric::LongwireLostPackets => self.counter(SeriesSet::Longwire, self.sums.lost),
            Metric::LongwireActive if self.established.contains(SeriesSet::Longwire) => Reading::Gauge(self.active),
            Metric::LongwireFailed => Reading::Reasons(&self.sums.failed),
            Metric::LongwireRtt => read_histogram(self.rtt.as_deref()),
            Metric::LongwireHandshake => read_histogram(self.handshake.as_deref()),
            Metric::LongwireDuration => read_histogram(self.duration.as_deref()),
            _ => Reading::Absent,
        }
    }
}

/// A workload's and a pod's, in the observing socket's view.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
        self.opened += delta.opened;
        self.closed += delta.closed;
        self.sent += delta.sent;
        self.received += delta.received;
        self.retransmits += delta.retransmits;
        self.lost += delta.lost;
    }

    /// What was saved can be true.
    pub(super) fn are_plausible(&self) -> bool {
        are_sums(&[self.opened, self.closed, self.sent, self.received, self.retransmits, self.lost])
    }
}

impl Readings for WorkloadValues {
    const SETS: SeriesSets = SeriesSets::NONE.with(SeriesSet::KmeshWorkload);

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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ConnectionValues {
    is_shown: bool,
    /// `None`: the connection lives.
    #[serde(skip)]
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
        self.retransmits += delta.retransmits;
        self.lost += delta.lost;
    }

    /// What was saved can be true.
    pub(super) fn are_plausible(&self) -> bool {
        are_sums(&[self.sent, self.received, self.retransmits, self.lost])
    }
}

impl Readings for ConnectionValues {
    const SETS: SeriesSets = SeriesSets::NONE.with(SeriesSet::KmeshConnection);

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

fn are_sums(values: &[u64]) -> bool {
    values.iter().all(|value| *value <= PLAUSIBLE)
}
