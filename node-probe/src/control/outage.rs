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

/// How a failed attempt is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogLine {
    /// Attempts in between would repeat the line.
    Debug,
    First,
    Lasting,
}

impl Outage {
    /// Logs a failed attempt or the end of a stream.
    pub(super) fn log(&mut self, address: &str, was_connected: bool, reason: &str, wait: Duration) {
        let now = Instant::now();
        let line = self.note(was_connected, now);
        let away = now.duration_since(self.began.unwrap_or(now));
        let what = if was_connected { "lost the operator" } else { "cannot reach the operator" };
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        match line {
            LogLine::First => tracing::info!("{what} at {address}: {reason}; retrying in {wait:?}"),
            LogLine::Lasting => tracing::warn!(
                "cannot reach the operator at {address} for {away:.0?} now: {reason}; retrying at least every 2s, and keeping the \
                 last configuration"
            ),
            LogLine::Debug => tracing::debug!("{what} at {address}: {reason}; retrying in {wait:?}"),
        }
    }

    fn note(&mut self, was_connected: bool, now: Instant) -> LogLine {
        if was_connected {
            *self = Self::default();
        }
        let is_first = self.began.is_none();
        let lasted = now.duration_since(*self.began.get_or_insert(now));
        match (is_first, lasted >= LASTING && !self.is_lasting) {
            (true, _) => LogLine::First,
            (_, true) => {
                self.is_lasting = true;
                LogLine::Lasting
            }
            _ => LogLine::Debug,
        }
    }
}
