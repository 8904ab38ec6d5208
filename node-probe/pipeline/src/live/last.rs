//! What was known of a connection when it ended.

use super::moved;
use crate::event::{ConnectionEvent, EventKind};
use crate::record::{Monotonic, Rtt};
use longwire_model::connection::Traffic;
use longwire_model::identity::UnixNanos;
use longwire_model::live::{Ended, Ending, Moved};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub(super) id: u64,
    pub(super) start: UnixNanos,
    /// When that was known.
    seen: UnixNanos,
    at: Option<UnixNanos>,
    how: Ending,
    /// As the series have it.
    traffic: Traffic,
    rtt: Rtt,
    pub(super) handshake: Option<Monotonic>,
    pub(super) adopted: bool,
}

impl Last {
    /// Of the event of its end.
    pub(crate) fn of(event: &ConnectionEvent<'_>, adopted: bool, seen: UnixNanos) -> Self {
        let how = match event.kind() {
            EventKind::Failed(reason) => Ending::Failed(reason),
            EventKind::Opened | EventKind::Sampled | EventKind::Closed => Ending::Closed {
                by: event.closer().map(|closer| closer.end(event.reporter())),
                reason: event.close_reason(),
            },
        };
        Self {
            id: event.local_id,
            start: event.start(),
            seen,
            at: event.end(),
            how,
            traffic: event.totals().oriented(event.reporter()),
            rtt: event.rtt,
            handshake: event.handshake(),
            adopted,
        }
    }

    /// What its end did not say.
    pub(super) fn remember(&mut self, rtt: Rtt, handshake: Option<Monotonic>) {
        if self.rtt.smoothed_us == 0 {
            self.rtt.smoothed_us = rtt.smoothed_us;
        }
        if self.rtt.least_us == 0 {
            self.rtt.least_us = rtt.least_us;
        }
        self.handshake = self.handshake.or(handshake);
    }

    pub(super) fn moved(&self) -> Moved {
        moved(self.at.unwrap_or(self.seen), self.traffic, self.rtt)
    }

    pub(super) fn ended(&self) -> Ended {
        Ended { at: self.at, how: self.how, handshake: self.handshake }
    }
}
