//! How fast a number rises. Pure.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// A rate is of the last one or two of these.
const WINDOW: Duration = Duration::from_secs(5);
/// Shorter times say nothing.
const SHORTEST: Duration = Duration::from_secs(1);

/// Number and time, from any begin.
type Reading = (Duration, u64);

/// A number that does not fall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    base: Reading,
    middle: Reading,
    last: Reading,
}

impl Count {
    /// `before`: what it was when it began to be looked at.
    pub(super) fn new(now: Duration, before: u64, number: u64) -> Self {
        Self { base: (now, before), middle: (now, before), last: (now, number) }
    }

    pub(super) fn read(&mut self, now: Duration, number: u64) {
        if now.saturating_sub(self.last.0) > 2 * WINDOW {
            // It is read when it changes, so what it gained is of now.
            self.middle = (now.saturating_sub(WINDOW), self.last.1);
            self.base = self.middle;
        } else if now.saturating_sub(self.middle.0) >= WINDOW {
            (self.base, self.middle) = (self.middle, self.last);
        }
        self.last = (now, number.max(self.last.1));
    }

    pub(super) fn number(&self) -> u64 {
        self.last.1
    }

    /// A second, over the last seconds. What is not read any more does not rise.
    pub(super) fn rate(&self, now: Duration) -> f64 {
        if now.saturating_sub(self.last.0) > 2 * WINDOW {
            return 0.0;
        }
        let gain = u32::try_from(self.last.1.saturating_sub(self.base.1)).unwrap_or(u32::MAX);
        f64::from(gain) / now.saturating_sub(self.base.0).max(SHORTEST).as_secs_f64()
    }
}
