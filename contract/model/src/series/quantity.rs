//! What of a connection a family counts, shows or observes.

/// The kind of the family decides what becomes of it: a counter adds it up, a histogram observes it, a gauge shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Bytes that the reporting end sent, and received.
    Sent,
    Received,
    /// Bytes from client to server, and back, whichever end reports.
    FromClient,
    FromServer,
    Opened,
    Closed,
    RetransmittedBytes,
    Retransmits,
    Lost,
    /// Attempts that established or failed.
    Attempts,
    /// Attempts that failed.
    Failures,
    /// Connections and attempts that ended.
    Ends,
    /// Of those: by the client first, or by the server. An attempt ends by the server, unless the application gave it up.
    EndsByClient,
    EndsByServer,
    /// Attempts that failed, a line for each reason.
    FailuresByReason,
    /// Bytes, a line for each of [`DIRECTIONS`](super::DIRECTIONS).
    BytesByDirection,
    /// Established now.
    Active,
    /// Times.
    Rtt,
    Handshake,
    Duration,
}

impl Quantity {
    /// Quantities that a counter with one line can have: those before [`Quantity::FailuresByReason`].
    pub const COUNTED: usize = Self::FailuresByReason as usize;
}
