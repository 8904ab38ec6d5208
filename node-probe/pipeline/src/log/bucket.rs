//! A token bucket: at most so many a second, and as many at once after a second of silence.

use crate::record::Monotonic;

const SECOND: u128 = 1_000_000_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// In billionths of a token.
    tokens: u128,
    at: Monotonic,
}

impl Bucket {
    /// Full.
    pub(super) fn new(rate: u32, now: Monotonic) -> Self {
        Self { tokens: u128::from(rate) * SECOND, at: now }
    }

    /// Takes a token, if there is one. The rate may be another one than before.
    pub(super) fn take(&mut self, rate: u32, now: Monotonic) -> bool {
        let (full, passed) = (u128::from(rate) * SECOND, now.saturating_sub(self.at));
        self.tokens = (self.tokens + u128::from(passed) * u128::from(rate)).min(full);
        self.at = self.at.max(now);
        let has_one = self.tokens >= SECOND;
        if has_one {
            self.tokens -= SECOND;
        }
        has_one
    }

    /// The token that was just taken is not needed.
    pub(super) fn give_back(&mut self) {
        self.tokens += SECOND;
    }
}
