//! What has happened to a connection, for filters. Tags cannot read it, because they are evaluated once a connection.

/// A number. Bytes are oriented as in the series: sent by the server, received from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quantity {
    Duration,
    SentBytes,
    ReceivedBytes,
    RetransmittedBytes,
    Retransmits,
    LostPackets,
    Rtt,
    Handshake,
}

/// A string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Word {
    Event,
    ClosedBy,
    CloseReason,
    FailureReason,
}

impl Quantity {
    pub const ALL: [Self; 8] = [
        Self::Duration,
        Self::SentBytes,
        Self::ReceivedBytes,
        Self::RetransmittedBytes,
        Self::Retransmits,
        Self::LostPackets,
        Self::Rtt,
        Self::Handshake,
    ];

    /// As filters write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duration => "connection.duration",
            Self::SentBytes => "connection.sent_bytes",
            Self::ReceivedBytes => "connection.received_bytes",
            Self::RetransmittedBytes => "connection.retransmitted_bytes",
            Self::Retransmits => "connection.retransmits",
            Self::LostPackets => "connection.lost_packets",
            Self::Rtt => "connection.rtt",
            Self::Handshake => "connection.handshake",
        }
    }

    /// Its description, one line of Markdown.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Duration => {
                "microseconds since it was established, or until it ended; of a failed one from its first SYN"
            }
            Self::SentBytes => "payload bytes from the server to the client, cumulative",
            Self::ReceivedBytes => "payload bytes from the client to the server, cumulative",
            Self::RetransmittedBytes => "payload bytes that the reporting end sent again, cumulative",
            Self::Retransmits => "segments that the reporting end sent again, cumulative, SYN and FIN included",
            Self::LostPackets => "packets of the reporting end that its kernel took for lost, cumulative",
            Self::Rtt => "smoothed round-trip time as last read, microseconds; 0: not known",
            Self::Handshake => "microseconds from SYN to established; 0: not known, as at the server's end",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.name() == name)
    }
}

impl Word {
    pub const ALL: [Self; 4] = [Self::Event, Self::ClosedBy, Self::CloseReason, Self::FailureReason];

    /// As filters write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "connection.event",
            Self::ClosedBy => "connection.closed_by",
            Self::CloseReason => "connection.close_reason",
            Self::FailureReason => "connection.failure_reason",
        }
    }

    /// Its description, one line of Markdown.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Event => "`connect`, `periodic`, `close` or `failed`",
            Self::ClosedBy => {
                "the end that closed first: `source` or `destination`; `unknown` before, or if it is not known"
            }
            Self::CloseReason => {
                "`fin`, `reset`, `timeout`, `aborted`, `unreachable` or `other`; `unknown` before it closed"
            }
            Self::FailureReason => {
                "as the label `reason` of `longwire_tcp_connections_failed_total`; `unknown` unless it failed"
            }
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }
}
