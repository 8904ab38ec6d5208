//! One connection: what it is doing, since when, and how it is told to end.

use crate::counts::Reason;
use crate::limits::Limits;
use crate::source::Source;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Shared by the task that serves it, the table, and the turn that it may hold.
#[derive(Debug)]
pub struct Connection {
    source: Source,
    progress: Mutex<Progress>,
    ended: Notify,
}

#[derive(Debug)]
struct Progress {
    phase: Phase,
    /// Answers that the client has taken.
    answers: u64,
    /// The socket takes nothing since.
    blocked: Option<Instant>,
    /// Time that the socket took nothing, in this answer, before that.
    blocked_before: Duration,
    end: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A request is read.
    Head { since: Instant },
    /// Nothing is asked.
    Idle { since: Instant },
    /// `made`: the answer is complete, and the rest of it waits for the socket.
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

    /// One that nothing serves, for tests of what is told apart by connections.
    #[must_use]
    pub fn unserved(peer: std::net::IpAddr) -> Arc<Self> {
        Self::new(Source::of(peer), Instant::now())
    }

    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// Bytes came.
    pub(crate) fn received(&self, now: Instant) {
        let mut progress = self.progress.lock();
        if matches!(progress.phase, Phase::Idle { .. }) {
            progress.phase = Phase::Head { since: now };
        }
    }

    /// A request's head is complete.
    pub(crate) fn asked(&self, now: Instant) {
        let mut progress = self.progress.lock();
        progress.phase = Phase::Answering { since: now, made: false };
        progress.blocked_before = Duration::ZERO;
    }

    /// Nothing is added to the answer any more.
    pub(crate) fn made(&self) {
        if let Phase::Answering { made, .. } = &mut self.progress.lock().phase {
            *made = true;
        }
    }

    /// The socket has taken all that there was.
    pub(crate) fn flushed(&self, now: Instant) {
        let mut progress = self.progress.lock();
        progress.unblock(now);
        if matches!(progress.phase, Phase::Answering { made: true, .. }) {
            progress.phase = Phase::Idle { since: now };
            progress.answers += 1;
        }
    }

    /// The socket took something.
    pub(crate) fn wrote(&self, now: Instant) {
        self.progress.lock().unblock(now);
    }

    /// The socket takes nothing.
    pub(crate) fn blocked(&self, now: Instant) {
        self.progress.lock().blocked.get_or_insert(now);
    }

    /// How long the client kept its answer waiting.
    pub(crate) fn blocked_for(&self, now: Instant) -> Duration {
        let progress = self.progress.lock();
        progress.blocked_before + progress.blocked.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Which deadline has passed.
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

    /// Lower goes first where a place is needed: who has never had an answer, then who waits longest. `None`: a request is
    /// under way.
    pub(crate) fn dispensable(&self) -> Option<(bool, Instant)> {
        let progress = self.progress.lock();
        let since = match progress.phase {
            Phase::Head { since } | Phase::Idle { since } => since,
            // An answer that nobody reads.
            Phase::Answering { since, made: true } if progress.blocked.is_some() => since,
            Phase::Answering { .. } => return None,
        };
        Some((progress.answers > 0, since))
    }

    /// The task that serves it closes it. `false`: it was told already.
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
