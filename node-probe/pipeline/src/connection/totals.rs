//! What a connection has moved: cumulative counters, and differences of such.

use crate::observation::Delta;
use crate::record::Counters;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) retransmitted_bytes: u64,
    pub(crate) retransmits: u32,
    pub(crate) lost: u32,
}

impl From<&Counters> for Totals {
    fn from(counters: &Counters) -> Self {
        let Counters { sent, received, retransmitted_bytes, retransmits, lost, srtt_us: _, min_rtt_us: _ } = *counters;
        Self { sent, received, retransmitted_bytes, retransmits, lost }
    }
}

impl Totals {
    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Payload moved, in either direction.
    pub(crate) fn has_data(&self) -> bool {
        self.sent != 0 || self.received != 0
    }

    /// What came after `earlier`. Never less than nothing.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(earlier.sent),
            received: self.received.saturating_sub(earlier.received),
            retransmitted_bytes: self.retransmitted_bytes.saturating_sub(earlier.retransmitted_bytes),
            retransmits: self.retransmits.saturating_sub(earlier.retransmits),
            lost: self.lost.saturating_sub(earlier.lost),
        }
    }

    /// Advances to a newer reading. Returns what is new in it, and whether a counter was lower than before, which changes nothing.
    pub(super) fn advance(&mut self, counters: &Counters) -> (Self, bool) {
        let next = Self::from(counters);
        if *self == next {
            return (Self::default(), false);
        }
        let gain = next.since(self);
        self.sent += gain.sent;
        self.received += gain.received;
        self.retransmitted_bytes += gain.retransmitted_bytes;
        self.retransmits += gain.retransmits;
        self.lost += gain.lost;
        (gain, *self != next)
    }

    pub(crate) fn delta(&self) -> Delta {
        let Self { sent, received, retransmitted_bytes, retransmits, lost } = *self;
        let (retransmits, lost) = (retransmits.into(), lost.into());
        Delta { sent, received, retransmitted_bytes, retransmits, lost, ..Delta::default() }
    }
}
