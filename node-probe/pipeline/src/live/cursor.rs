//! How far the updates of one live connection have come, while somebody watches.

use crate::record::{Monotonic, Rtt};

/// Between two updates of a connection: a second, which a pass may come a little early for.
const PACE: Monotonic = 900_000_000;

#[derive(Debug)]
pub(super) struct Cursor {
    state: State,
    /// 0: it is not described yet.
    pub(super) number: u32,
    /// As last read. A sample of an idle connection has none.
    pub(super) rtt: Rtt,
    /// Only the event of its begin has it.
    pub(super) handshake: Option<Monotonic>,
    /// When it was last seen to have moved.
    pub(super) at: Monotonic,
    /// When an update of it may follow.
    next: Monotonic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// None of its ends is watched.
    Outside,
    /// All that is known of it was taken.
    Told,
    /// It has news, and is not in the outbox.
    Owed,
    Queued,
}

impl Cursor {
    pub(super) fn new(is_in_scope: bool, now: Monotonic) -> Self {
        let state = if is_in_scope { State::Owed } else { State::Outside };
        Self { state, number: 0, rtt: Rtt::default(), handshake: None, at: now, next: 0 }
    }

    pub(super) fn is_in_scope(&self) -> bool {
        self.state != State::Outside
    }

    pub(super) fn observe(&mut self, has_moved: bool, rtt: Rtt, now: Monotonic) {
        let before = self.rtt;
        if rtt.smoothed_us != 0 {
            self.rtt.smoothed_us = rtt.smoothed_us;
        }
        if rtt.least_us != 0 {
            self.rtt.least_us = rtt.least_us;
        }
        if has_moved {
            self.at = now;
        }
        if self.state == State::Told && (has_moved || self.rtt != before) {
            self.state = State::Owed;
        }
    }

    /// It shall be put into the outbox.
    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        self.state == State::Owed && now >= self.next
    }

    pub(super) fn queued(&mut self) {
        self.state = State::Queued;
    }

    pub(super) fn taken(&mut self, now: Monotonic) {
        (self.state, self.next) = (State::Told, now.saturating_add(PACE));
    }
}
