//! What a connection has moved, as events report it.

use crate::connection::Totals;
use crate::observation::{Delta, Reporter};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Cumulative, or of one event. Bytes are the observing socket's own view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Payload bytes.
    pub sent: u64,
    pub received: u64,
    /// Payload bytes sent again.
    pub retransmitted_bytes: u64,
    /// Segments sent again, SYN and FIN included.
    pub retransmits: u64,
    /// Packets taken for lost.
    pub lost: u64,
}

impl Traffic {
    /// As the series have it, whichever end reports: `sent` by the server, `received` from the client.
    #[must_use]
    pub fn oriented(self, reporter: Reporter) -> Self {
        match reporter {
            Reporter::Source => Self { sent: self.received, received: self.sent, ..self },
            Reporter::Destination => self,
        }
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(before.sent),
            received: self.received.saturating_sub(before.received),
            retransmitted_bytes: self.retransmitted_bytes.saturating_sub(before.retransmitted_bytes),
            retransmits: self.retransmits.saturating_sub(before.retransmits),
            lost: self.lost.saturating_sub(before.lost),
        }
    }
}

impl From<&Totals> for Traffic {
    fn from(totals: &Totals) -> Self {
        let Totals { sent, received, retransmitted_bytes, retransmits, lost } = *totals;
        Self { sent, received, retransmitted_bytes, retransmits: retransmits.into(), lost: lost.into() }
    }
}

impl From<&Delta> for Traffic {
    fn from(delta: &Delta) -> Self {
        let Delta { sent, received, retransmitted_bytes, retransmits, lost, .. } = *delta;
        Self { sent, received, retransmitted_bytes, retransmits, lost }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.sent += more.sent;
        self.received += more.received;
        self.retransmitted_bytes += more.retransmitted_bytes;
        self.retransmits += more.retransmits;
        self.lost += more.lost;
    }
}
