//! What both programs say of a connection: which end reports it, what it has moved, how it ended.

use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// The end of the connection that reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reporter {
    /// The client's socket.
    Source,
    /// The server's socket.
    Destination,
}

impl Reporter {
    /// As the label `reporter` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

/// What a connection has moved, cumulative or of one event. Bytes are the observing socket's own view.
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

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.sent += more.sent;
        self.received += more.received;
        self.retransmitted_bytes += more.retransmitted_bytes;
        self.retransmits += more.retransmits;
        self.lost += more.lost;
    }
}

/// Why a connect never established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FailReason {
    /// A RST answered the SYN.
    Refused,
    /// No answer in time.
    Timeout,
    /// A router or host reported that there is no route.
    Unreachable,
    /// The application gave up first.
    Aborted,
    /// No segment was ever sent: no free port, no route, no memory.
    NeverSent,
    /// Any other errno.
    Other,
}

impl FailReason {
    pub const ALL: [Self; 6] =
        [Self::Refused, Self::Timeout, Self::Unreachable, Self::Aborted, Self::NeverSent, Self::Other];

    /// The value of the label `reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Aborted => "aborted",
            Self::NeverSent => "never_sent",
            Self::Other => "other",
        }
    }
}

/// How an established connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The end that reports sent a FIN, and no error came before its answer.
    Fin,
    /// A RST, of the other end or of this one: its application closed it with unread data, or with `SO_LINGER` 0.
    Reset,
    /// No answer in time.
    Timeout,
    /// A router or host reported that there is no route any more.
    Unreachable,
    /// An administrator destroyed the socket, as `ss --kill` does.
    Aborted,
    /// Any other errno.
    Other,
}

impl CloseReason {
    pub const ALL: [Self; 6] = [Self::Fin, Self::Reset, Self::Timeout, Self::Unreachable, Self::Aborted, Self::Other];

    /// As lines and filters have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Aborted => "aborted",
            Self::Other => "other",
        }
    }
}
