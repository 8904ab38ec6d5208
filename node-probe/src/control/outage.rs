//! What the log says of an operator that is away.

use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// What is over within this is a start, or an operator that is replaced: nobody has to look after it.
const LASTING: Duration = Duration::from_secs(10);

/// Since the last connection, or the start.
#[derive(Debug, Default)]
pub(super) struct Outage {
    began: Option<Instant>,
    is_lasting: bool,
}

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loudness {
    /// The attempts in between say the same.
    Silent,
    First,
    Lasting,
}

impl Outage {
    /// An attempt failed, or a stream ended.
    pub(super) fn tell(&mut self, address: &str, was_connected: bool, reason: &str, wait: Duration) {
        let now = Instant::now();
        let loudness = self.note(was_connected, now);
        let away = now.duration_since(self.began.unwrap_or(now));
        let what = if was_connected { "lost the operator" } else { "cannot reach the operator" };
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        match loudness {
            Loudness::First => tracing::info!("{what} at {address}: {reason}; retrying in {wait:?}"),
            Loudness::Lasting => tracing::warn!(
                "cannot reach the operator at {address} for {away:.0?} now: {reason}; retrying at least every 2s, and going on with \
                 what is known"
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
