//! How fast passes are while somebody watches, and how many ends are sent.

use std::time::{Duration, Instant};

/// Ends of connections that are sent in a second.
const ENDS: usize = 2_000;
/// Between two passes while somebody watches, nanoseconds.
const WATCHED: u64 = 1_000_000_000;
/// A pass takes at most this part of the time until the next.
const SHARE: u64 = 20;

/// The interval while somebody watches, nanoseconds: never longer than usual. `took`: the last pass.
pub(crate) fn faster(usual: u64, took: u64) -> u64 {
    usual.min(WATCHED.max(took.saturating_mul(SHARE)))
}

/// A second's ends may go at once.
#[derive(Debug)]
pub(super) struct Pace {
    left: usize,
    at: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: ENDS, at: now }
    }

    /// Ends that may be sent now.
    pub(super) fn left(&mut self, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.at).min(Duration::from_secs(1));
        let more = usize::try_from(passed.as_millis()).unwrap_or(usize::MAX).saturating_mul(ENDS) / 1_000;
        // A moment that brings none still counts for the next.
        if more > 0 {
            (self.left, self.at) = (self.left.saturating_add(more).min(ENDS), now);
        }
        self.left
    }

    pub(super) fn spend(&mut self, ends: usize) {
        self.left = self.left.saturating_sub(ends);
    }
}
