//! What a filter reads: both ends, and what has happened until the event.

use super::cursor::LogCursor;
use crate::event::{ConnectionEvent, EventKind};
use crate::labels::UNKNOWN;
use longwire_model::access_log::LogEvent;
use longwire_model::expression::{Attribute, End, Facts, Happened, Quantity, Word};
use std::borrow::Cow;

pub(super) struct EventFacts<'a> {
    pub(super) logged: LogEvent,
    pub(super) event: &'a ConnectionEvent<'a>,
    pub(super) cursor: &'a LogCursor,
    /// Nanoseconds.
    pub(super) age: u64,
}

impl Facts for EventFacts<'_> {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        self.event.resolution.text(attribute)
    }

    fn port(&self, end: End) -> u16 {
        self.event.resolution.port(end)
    }

    fn label(&self, end: End, name: &str) -> Option<&str> {
        self.event.resolution.label(end, name)
    }

    fn happened(&self) -> Option<&dyn Happened> {
        Some(self)
    }
}

impl Happened for EventFacts<'_> {
    fn quantity(&self, quantity: Quantity) -> i64 {
        let totals = self.event.totals().oriented(self.event.reporter());
        let value = match quantity {
            Quantity::Duration => self.age / 1_000,
            Quantity::SentBytes => totals.sent,
            Quantity::ReceivedBytes => totals.received,
            Quantity::RetransmittedBytes => totals.retransmitted_bytes,
            Quantity::Retransmits => totals.retransmits,
            Quantity::LostPackets => totals.lost,
            Quantity::Rtt => self.event.rtt_us().unwrap_or(self.cursor.rtt.smoothed_us).into(),
            Quantity::Handshake => self.cursor.handshake.unwrap_or_default() / 1_000,
        };
        i64::try_from(value).unwrap_or(i64::MAX)
    }

    fn word(&self, word: Word) -> &str {
        match word {
            Word::Event => self.logged.name(),
            Word::ClosedBy => self.event.closer().map_or(UNKNOWN, |closer| closer.end(self.event.reporter()).name()),
            Word::CloseReason => self.event.close_reason().map_or(UNKNOWN, |reason| reason.name()),
            Word::FailureReason => match self.event.kind() {
                EventKind::Failed(reason) => reason.name(),
                EventKind::Opened | EventKind::Sampled | EventKind::Closed => UNKNOWN,
            },
        }
    }
}
