//! The fields of a line: one table for the JSON format, for `%LONGWIRE(field)%` and for the documentation.

/// A field of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    Time,
    Type,
    Id,
    Reporter,
    SourceWorkload,
    SourceNamespace,
    SourceCanonicalService,
    SourceCanonicalRevision,
    SourcePod,
    SourceNode,
    SourceAddress,
    DestinationWorkload,
    DestinationNamespace,
    DestinationCanonicalService,
    DestinationCanonicalRevision,
    DestinationPod,
    DestinationNode,
    DestinationAddress,
    DestinationService,
    DestinationServiceName,
    DestinationServiceNamespace,
    RequestedService,
    RequestedAddress,
    StartTime,
    DurationUs,
    SentBytes,
    ReceivedBytes,
    NewSentBytes,
    NewReceivedBytes,
    RetransmittedBytes,
    Retransmits,
    LostPackets,
    RttUs,
    MinRttUs,
    HandshakeUs,
    ClosedBy,
    CloseReason,
    FailureReason,
    Connections,
    Suppressed,
}

/// The type of a field's value in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    Integer,
}

impl Field {
    /// In the order of a line.
    pub const ALL: [Self; 40] = [
        Self::Time,
        Self::Type,
        Self::Id,
        Self::Reporter,
        Self::SourceWorkload,
        Self::SourceNamespace,
        Self::SourceCanonicalService,
        Self::SourceCanonicalRevision,
        Self::SourcePod,
        Self::SourceNode,
        Self::SourceAddress,
        Self::DestinationWorkload,
        Self::DestinationNamespace,
        Self::DestinationCanonicalService,
        Self::DestinationCanonicalRevision,
        Self::DestinationPod,
        Self::DestinationNode,
        Self::DestinationAddress,
        Self::DestinationService,
        Self::DestinationServiceName,
        Self::DestinationServiceNamespace,
        Self::RequestedService,
        Self::RequestedAddress,
        Self::StartTime,
        Self::DurationUs,
        Self::SentBytes,
        Self::ReceivedBytes,
        Self::NewSentBytes,
        Self::NewReceivedBytes,
        Self::RetransmittedBytes,
        Self::Retransmits,
        Self::LostPackets,
        Self::RttUs,
        Self::MinRttUs,
        Self::HandshakeUs,
        Self::ClosedBy,
        Self::CloseReason,
        Self::FailureReason,
        Self::Connections,
        Self::Suppressed,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    #[must_use]
    pub const fn kind(self) -> Kind {
        self.row().1
    }

    /// Its description with the unit, one line of Markdown.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.row().2
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    #[rustfmt::skip]
    const fn row(self) -> (&'static str, Kind, &'static str) {
        use Kind::{Integer, String};
        match self {
            Self::Time => ("time", String, "when the line was made, RFC 3339 in UTC with microseconds"),
            Self::Type => ("type", String, "`Connect`, `Periodic`, `End` or `Failed`"),
            Self::Id => ("id", String, "of the connection, 32 hexadecimal digits, equal at both ends; `local-` and a number where this end cannot compute it, as to a server outside the cluster; `unknown` for a line that stands for several connections, or that the kernel side summed up"),
            Self::Reporter => ("reporter", String, "the end that reports: `source` or `destination`"),
            Self::SourceWorkload => ("source_workload", String, "as the label"),
            Self::SourceNamespace => ("source_namespace", String, "as the label `source_workload_namespace`"),
            Self::SourceCanonicalService => ("source_canonical_service", String, "as the label"),
            Self::SourceCanonicalRevision => ("source_canonical_revision", String, "as the label"),
            Self::SourcePod => ("source_pod", String, "name of the client's pod"),
            Self::SourceNode => ("source_node", String, "node of the client's pod"),
            Self::SourceAddress => ("source_address", String, "the client's address and port, as the reporting socket has them; port 0: several connections"),
            Self::DestinationWorkload => ("destination_workload", String, "as the label"),
            Self::DestinationNamespace => ("destination_namespace", String, "as the label `destination_workload_namespace`"),
            Self::DestinationCanonicalService => ("destination_canonical_service", String, "as the label"),
            Self::DestinationCanonicalRevision => ("destination_canonical_revision", String, "as the label"),
            Self::DestinationPod => ("destination_pod", String, "name of the server's pod"),
            Self::DestinationNode => ("destination_node", String, "node of the server's pod"),
            Self::DestinationAddress => ("destination_address", String, "the server's own address and port, behind any Service"),
            Self::DestinationService => ("destination_service", String, "host name of the Service, as the label"),
            Self::DestinationServiceName => ("destination_service_name", String, "as the label"),
            Self::DestinationServiceNamespace => ("destination_service_namespace", String, "as the label"),
            Self::RequestedService => ("requested_service", String, "host name of the Service that the client requested, where this end knows it"),
            Self::RequestedAddress => ("requested_address", String, "the server's address and port, as the reporting socket has them: a Service's if the client requested one"),
            Self::StartTime => ("start_time", String, "established or adopted, or for a failure first tried; RFC 3339 in UTC with microseconds"),
            Self::DurationUs => ("duration_us", Integer, "since the start, microseconds"),
            Self::SentBytes => ("sent_bytes", Integer, "payload bytes from the server to the client, cumulative, as `istio_tcp_sent_bytes_total` counts them"),
            Self::ReceivedBytes => ("received_bytes", Integer, "payload bytes from the client to the server, cumulative, as `istio_tcp_received_bytes_total` counts them"),
            Self::NewSentBytes => ("new_sent_bytes", Integer, "of those, since the line before of this connection"),
            Self::NewReceivedBytes => ("new_received_bytes", Integer, "of those, since the line before of this connection"),
            Self::RetransmittedBytes => ("retransmitted_bytes", Integer, "payload bytes that the reporter sent again, cumulative, `tcp_sock.bytes_retrans`"),
            Self::Retransmits => ("retransmits", Integer, "segments that the reporter sent again, cumulative, `tcp_sock.total_retrans`"),
            Self::LostPackets => ("lost_packets", Integer, "packets that the reporter's kernel took for lost, cumulative, `tcp_sock.lost`"),
            Self::RttUs => ("rtt_us", Integer, "smoothed round-trip time, microseconds, `tcp_sock.srtt_us`; absent: none yet, or none since a restart of the probe"),
            Self::MinRttUs => ("min_rtt_us", Integer, "least round-trip time of the last minutes, microseconds, `tcp_sock.rtt_min`; absent: none yet, or none since a restart of the probe"),
            Self::HandshakeUs => ("handshake_us", Integer, "from SYN to established, microseconds; absent: not known, as at the server's end and after a restart of the probe"),
            Self::ClosedBy => ("closed_by", String, "the end that closed first: `source` or `destination`; absent: it lives, or not known"),
            Self::CloseReason => ("close_reason", String, "`fin`, `reset`, `timeout`, `aborted`, `unreachable` or `other`; absent: it lives, or not known"),
            Self::FailureReason => ("failure_reason", String, "as the label `reason` of `longwire_tcp_connections_failed_total`; absent: it was established"),
            Self::Connections => ("connections", Integer, "how many the line stands for, where the kernel side summed several up; absent: one"),
            Self::Suppressed => ("suppressed", Integer, "lines of the pod that a rate or a full queue left out since its last one; absent: none"),
        }
    }
}
