//! One line, before it is written. It owns what it has, because another thread writes it.

use crate::event::{ConnectionId, Traffic};
use crate::observation::{Edge, Reporter};
use crate::record::{CloseReason, FailReason, Monotonic};
use longwire_model::access_log::LogEvent;
use longwire_model::identity::{Pod, Service, UnixNanos};
use longwire_model::telemetry::Telemetry;
use std::net::SocketAddr;
use std::sync::Arc;

/// Traffic is oriented as in the series: `sent` by the server, `received` from the client. Retransmits and losses are the reporter's.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// Has the format of the line.
    pub telemetry: Arc<Telemetry>,
    pub event: LogEvent,
    /// When the line was made.
    pub time: UnixNanos,
    pub id: ConnectionId,
    /// The edge has the names of the series, and which end reports.
    pub edge: Edge,
    /// `None`: unknown.
    pub source_pod: Option<Arc<Pod>>,
    pub destination_pod: Option<Arc<Pod>>,
    /// The Service that the client requested, where this end knows it.
    pub requested_service: Option<Arc<Service>>,
    /// The client's address, as the reporting socket has it.
    pub source: SocketAddr,
    /// The server's address, as the reporting socket has it.
    pub requested: SocketAddr,
    /// The server's own address, behind any Service. `None`: not known.
    pub answered: Option<SocketAddr>,
    /// Envoy's name of where the client connected. `None`: the server reports.
    pub cluster: Option<String>,
    pub start: UnixNanos,
    /// Nanoseconds since the start, or until its end.
    pub duration: u64,
    pub totals: Traffic,
    /// Of those, since the line before of this connection.
    pub new: Traffic,
    /// Microseconds. `None`: not known.
    pub rtt_us: Option<u32>,
    pub min_rtt_us: Option<u32>,
    /// Nanoseconds.
    pub handshake: Option<Monotonic>,
    /// `None`: it lives, or it is not known.
    pub closed_by: Option<Reporter>,
    pub close_reason: Option<CloseReason>,
    pub failure: Option<FailReason>,
    /// More than 1: the kernel side summed several up.
    pub connections: u64,
    /// Lines of the pod that were left out since its last one.
    pub suppressed: u64,
}
