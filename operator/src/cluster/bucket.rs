//! A token bucket: so many at once, and so many a second after that. Pure: times are arguments.

use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

/// Full at the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// When it is, or was, full.
    full: Instant,
}

impl Bucket {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, full: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let each = Duration::from_secs(1) / self.rate.per_second;
        let full = self.full.max(now) + each;
        if full.saturating_duration_since(now) > each * self.rate.burst {
            return false;
        }
        self.full = full;
        true
    }

    /// As good as a new one.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full <= now
    }
}
