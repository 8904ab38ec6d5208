//! When the lines of a label set were first shown: their birth. Prometheus sees no increase in a series with a single sample, so a
//! consumer that comes again gets lines that were born in between at 0 first.

use super::snapshots::{SnapshotNumber, View};
use crate::record::{FailReason, Monotonic};
use longwire_model::series::{Metric, Metrics};
use serde::{Deserialize, Serialize};

/// Lines of one label set: those of its counters and histograms by metric, failures by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    metrics: Metrics,
    /// A bit each, in the order of [`FailReason::ALL`].
    reasons: u16,
}

const _: () = assert!(FailReason::ALL.len() <= u16::BITS as usize, "a bit for each reason");

/// Lines that were first shown together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Birth {
    lines: Lines,
    /// The latest snapshot that had been opened: later ones have them whole.
    after: SnapshotNumber,
    at: Monotonic,
}

/// Those of one label set. Each line that is shown is in one of them.
#[derive(Debug, Default)]
pub(crate) struct Births {
    all: Vec<Birth>,
    present: Lines,
    /// Of the youngest.
    latest: SnapshotNumber,
}

impl Lines {
    /// Without failures.
    pub(super) fn of(metrics: Metrics) -> Self {
        Self { metrics: metrics.without(Metric::LongwireFailed), reasons: 0 }
    }

    /// All lines that these metrics can have.
    pub(super) fn every(metrics: Metrics) -> Self {
        let reasons = if metrics.contains(Metric::LongwireFailed) { u16::MAX } else { 0 };
        Self { reasons, ..Self::of(metrics) }
    }

    /// With each reason that was counted.
    pub(super) fn and_failures(mut self, counts: &[u64; FailReason::ALL.len()]) -> Self {
        for (bit, count) in counts.iter().enumerate() {
            self.reasons |= u16::from(*count != 0) << bit;
        }
        self
    }

    #[must_use]
    pub fn has(self, metric: Metric) -> bool {
        self.metrics.contains(metric)
    }

    /// By its place in [`FailReason::ALL`].
    #[must_use]
    pub fn has_reason(self, at: usize) -> bool {
        self.reasons >> at & 1 != 0
    }

    fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn union(self, other: Self) -> Self {
        Self { metrics: self.metrics.union(other.metrics), reasons: self.reasons | other.reasons }
    }

    fn difference(self, other: Self) -> Self {
        Self { metrics: self.metrics.difference(other.metrics), reasons: self.reasons & !other.reasons }
    }
}

impl Births {
    /// These are shown from now on, and no others.
    pub(super) fn show(&mut self, present: Lines, after: SnapshotNumber, at: Monotonic) {
        if present == self.present {
            return;
        }
        self.forget(self.present.difference(present));
        let lines = present.difference(self.present);
        if !lines.is_empty() {
            // Hardly any label set has more than three.
            self.all.reserve_exact(1);
            self.all.push(Birth { lines, after, at });
            self.latest = self.latest.max(after);
        }
        self.present = present;
    }

    /// When they come again, they are born again.
    pub(super) fn forget(&mut self, lines: Lines) {
        if lines.is_empty() {
            return;
        }
        for birth in &mut self.all {
            birth.lines = birth.lines.difference(lines);
        }
        self.all.retain(|birth| !birth.lines.is_empty());
        self.present = self.present.difference(lines);
    }

    /// Lines that this snapshot is to see at 0.
    #[inline]
    pub(crate) fn unseen(&self, view: &View) -> Lines {
        if view.has_seen(self.latest) { Lines::default() } else { self.unseen_of_some(view) }
    }

    fn unseen_of_some(&self, view: &View) -> Lines {
        let unseen = self.all.iter().filter(|birth| view.is_new(birth.after, birth.at));
        unseen.fold(Lines::default(), |lines, birth| lines.union(birth.lines))
    }

    /// When a line was first shown.
    pub(crate) fn at(&self, is_of: impl Fn(Lines) -> bool) -> Option<Monotonic> {
        self.all.iter().find(|birth| is_of(birth.lines)).map(|birth| birth.at)
    }

    pub(super) fn saved(&self) -> &[Birth] {
        &self.all
    }

    /// A birth after a snapshot that was never opened counts as old, so that no line that was shown goes back to 0.
    pub(super) fn restore(saved: &[Birth], opened: SnapshotNumber, now: Monotonic) -> Self {
        let mut births = Self::default();
        for Birth { lines, after, at } in saved {
            let after = if *after > opened { SnapshotNumber::default() } else { *after };
            births.show(births.present.union(*lines), after, (*at).min(now));
        }
        births
    }
}

#[cfg(test)]
mod tests;
