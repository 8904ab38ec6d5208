//! Logs of an operator that is unreachable.

use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// A shorter outage is a start or a rollout of the operator, which needs no attention.
const LASTING: Duration = Duration::from_secs(10);

/// The time since the last connection, or since the start.
#[derive(Debug, Default)]
pub(super) struct Outage {
    began: Option<Instant>,
    is_lasting: bool,
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loudness {
    /// Attempts in between would repeat the line.
    Silent,
    First,
    Lasting,
}

impl Outage {
    /// Logs a failed attempt or the end of a stream.
    pub(super) fn tell(&mut self, address: &str, was_connected: bool, reason: &str, wait: Duration) {
        let now = Instant::now();
        let loudness = self.note(was_connected, now);
        let away = now.duration_since(self.began.unwrap_or(now));
        let what = if was_connected { "lost the operator" } else { "cannot reach the operator" };
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        match loudness {
            Loudness::First => tracing::info!("{what} at {address}: {reason}; retrying in {wait:?}"),
            Loudness::Lasting => tracing::warn!(
                "cannot reach the operator at {address} for {away:.0?} now: {reason}; retrying at least every 2s, and keeping the \
                 last configuration"
            ),
            Loudness::Silent => tracing::debug!("{what} at {address}: {reason}; retrying in {wait:?}"),
        }
    }

    fn note(&mut self, was_connected: bool, now: Instant) -> Loudness {
        if was_connected {
            *self = Self::default();
        }
        let is_first = self.began.is_none();
        let lasted = now.duration_since(*self.began.get_or_insert(now));
        match (is_first, lasted >= LASTING && !self.is_lasting) {
            (true, _) => Loudness::First,
            (_, true) => {
                self.is_lasting = true;
                Loudness::Lasting
            }
            _ => Loudness::Silent,
        }
    }
}
