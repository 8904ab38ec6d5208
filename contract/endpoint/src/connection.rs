//! One connection: its phase, the start of the phase, and how it is ended.

use crate::counts::Reason;
use crate::limits::Limits;
use crate::source::Source;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Shared by its task, the table, and the turn that it may hold.
#[derive(Debug)]
pub struct Connection {
    source: Source,
    progress: Mutex<Progress>,
    ended: Notify,
}

#[derive(Debug)]
struct Progress {
    phase: Phase,
    /// Answers that the client has read.
    answers: u64,
    /// The socket has accepted no bytes since.
    blocked: Option<Instant>,
    /// How long the socket accepted no bytes earlier in this answer.
    blocked_before: Duration,
    end: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A request's head is being read.
    Head { since: Instant },
    /// No request is in flight.
    Idle { since: Instant },
    /// `made`: the answer is complete, and its rest waits for the socket.
    Answering { since: Instant, made: bool },
}

impl Connection {
    pub(crate) fn new(source: Source, now: Instant) -> Arc<Self> {
        let progress = Progress {
            phase: Phase::Head { since: now },
            answers: 0,
            blocked: None,
            blocked_before: Duration::ZERO,
            end: None,
        };
        Arc::new(Self { source, progress: Mutex::new(progress), ended: Notify::new() })
    }

    /// A connection without a server, for tests that need one as a key.
    #[must_use]
    pub fn unserved(peer: std::net::IpAddr) -> Arc<Self> {
        Self::new(Source::of(peer), Instant::now())
    }

    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// Bytes have arrived.
    pub(crate) fn received(&self, now: Instant) {
        let mut progress = self.progress.lock();
        if matches!(progress.phase, Phase::Idle { .. }) {
            progress.phase = Phase::Head { since: now };
        }
    }

    /// A request's head is complete.
    pub(crate) fn begin_request(&self, now: Instant) {
        let mut progress = self.progress.lock();
        progress.phase = Phase::Answering { since: now, made: false };
        progress.blocked_before = Duration::ZERO;
    }

    /// The answer is complete.
    pub(crate) fn made(&self) {
        if let Phase::Answering { made, .. } = &mut self.progress.lock().phase {
            *made = true;
        }
    }

    /// The socket has accepted all bytes.
    pub(crate) fn flushed(&self, now: Instant) {
        let mut progress = self.progress.lock();
        progress.unblock(now);
        if matches!(progress.phase, Phase::Answering { made: true, .. }) {
            progress.phase = Phase::Idle { since: now };
            progress.answers += 1;
        }
    }

    /// The socket accepted bytes.
    pub(crate) fn wrote(&self, now: Instant) {
        self.progress.lock().unblock(now);
    }

    /// The socket accepts no bytes.
    pub(crate) fn blocked(&self, now: Instant) {
        self.progress.lock().blocked.get_or_insert(now);
    }

    /// How long the client has delayed its answer.
    pub(crate) fn blocked_for(&self, now: Instant) -> Duration {
        let progress = self.progress.lock();
        progress.blocked_before + progress.blocked.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// The deadline that has passed.
    pub(crate) fn overdue(&self, limits: &Limits, now: Instant) -> Option<Reason> {
        let progress = self.progress.lock();
        let over = |since: Instant, limit| now.saturating_duration_since(since) >= limit;
        match progress.phase {
            Phase::Head { since } => over(since, limits.head).then_some(Reason::Head),
            Phase::Idle { since } => over(since, limits.idle).then_some(Reason::Idle),
            Phase::Answering { since, .. } => {
                let stalled = progress.blocked.is_some_and(|since| over(since, limits.stall));
                stalled.then_some(Reason::Stalled).or_else(|| over(since, limits.answer).then_some(Reason::Answer))
            }
        }
    }

    /// The lowest is closed first when a place is needed: connections that have had no answer yet, then those that wait
    /// longest. `None`: a request is in flight.
    pub(crate) fn dispensable(&self) -> Option<(bool, Instant)> {
        let progress = self.progress.lock();
        let since = match progress.phase {
            Phase::Head { since } | Phase::Idle { since } => since,
            // The client does not read its answer.
            Phase::Answering { since, made: true } if progress.blocked.is_some() => since,
            Phase::Answering { .. } => return None,
        };
        Some((progress.answers > 0, since))
    }

    /// Makes its task close it. `false`: the task is closing it already.
    pub(crate) fn end(&self, reason: Reason) -> bool {
        let is_first = self.progress.lock().end.replace(reason).is_none();
        self.ended.notify_one();
        is_first
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.progress.lock().end.is_some()
    }

    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }
}

impl Progress {
    fn unblock(&mut self, now: Instant) {
        if let Some(since) = self.blocked.take() {
            self.blocked_before += now.saturating_duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests;
