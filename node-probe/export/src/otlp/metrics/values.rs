//! What one label set shows in one family of counters or histograms.

use longwire_model::series::{DIRECTIONS, Metric};
use longwire_pipeline::metrics::{Histogram, Lines, Reading};
use longwire_pipeline::record::FailReason;
use std::array;

const REASONS: usize = FailReason::ALL.len();
const WAYS: usize = DIRECTIONS.len();

/// Few bytes for a counter, as most are: what was last sent of each is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    Counter(u64),
    /// In the order of [`DIRECTIONS`].
    Directions([u64; WAYS]),
    /// In the order of [`FailReason::ALL`]. `None`: it has no point.
    Reasons(Box<[Option<u64>; REASONS]>),
    Histogram(Box<Observations>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Observations {
    /// Of each bucket alone, that up to infinity among them.
    pub(super) counts: Box<[u64]>,
    /// Nanoseconds.
    pub(super) sum: u128,
}

impl Values {
    /// Lines of `unseen` are at 0. `None`: a gauge, or nothing yet.
    pub(super) fn of(metric: Metric, reading: Reading<'_>, unseen: Lines) -> Option<Self> {
        let has_seen = !unseen.has(metric);
        Some(match reading {
            Reading::Absent | Reading::Gauge(_) => return None,
            Reading::Counter(value) => Self::Counter(if has_seen { value } else { 0 }),
            Reading::Directions(bytes) => Self::Directions(if has_seen { bytes } else { [0; WAYS] }),
            Reading::Reasons(counts) => {
                let shown = |at| (counts[at] != 0).then_some(if unseen.has_reason(at) { 0 } else { counts[at] });
                Self::Reasons(Box::new(array::from_fn(shown)))
            }
            Reading::Histogram(histogram) => {
                let observations = Observations::of(histogram);
                Self::Histogram(Box::new(if has_seen { observations } else { observations.none() }))
            }
        })
    }

    /// What is new since `before`; reasons without it have no point. Values only grow.
    pub(super) fn since(&self, before: &Self) -> Self {
        match (self, before) {
            (Self::Counter(now), Self::Counter(before)) => Self::Counter(now.saturating_sub(*before)),
            (Self::Directions(now), Self::Directions(before)) => {
                Self::Directions(array::from_fn(|at| now[at].saturating_sub(before[at])))
            }
            (Self::Reasons(now), Self::Reasons(before)) => {
                let new = |at: usize| now[at].unwrap_or_default().saturating_sub(before[at].unwrap_or_default());
                Self::Reasons(Box::new(array::from_fn(|at| Some(new(at)).filter(|count| *count != 0))))
            }
            (Self::Histogram(now), Self::Histogram(before)) => Self::Histogram(Box::new(now.since(before))),
            // A family has values of one shape.
            (now, _) => now.clone(),
        }
    }

    /// There is nothing in it, so that it need not be sent as a delta.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Counter(value) => *value == 0,
            Self::Directions(bytes) => *bytes == [0; WAYS],
            Self::Reasons(counts) => counts.iter().all(|count| count.unwrap_or_default() == 0),
            Self::Histogram(observations) => observations.count() == 0,
        }
    }
}

impl Observations {
    fn of(histogram: &Histogram) -> Self {
        let mut below = 0;
        let counts = histogram.cumulative().map(|count| {
            let alone = count - below;
            below = count;
            alone
        });
        let counts = counts.collect();
        let (seconds, nanoseconds) = histogram.sum();
        Self { counts, sum: u128::from(seconds) * 1_000_000_000 + u128::from(nanoseconds) }
    }

    fn none(self) -> Self {
        Self { counts: self.counts.iter().map(|_| 0).collect(), sum: 0 }
    }

    fn since(&self, before: &Self) -> Self {
        let new = self.counts.iter().zip(&before.counts).map(|(now, before)| now.saturating_sub(*before));
        Self { counts: new.collect(), sum: self.sum.saturating_sub(before.sum) }
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "OTLP has the sum as a double")]
    pub(super) fn seconds(&self) -> f64 {
        self.sum as f64 / 1e9
    }
}
