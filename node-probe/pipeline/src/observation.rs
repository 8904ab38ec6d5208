//! What series and events are made of: the two ends of a connection, and what moved between them.

mod edge;
mod id;

pub use edge::{DestinationServiceRef, EdgeRef};
pub(crate) use id::Sequence;
pub use id::SharedId;
pub use longwire_model::connection::Reporter;

use crate::record::{CloseReason, FailReason, Monotonic};
use longwire_model::identity::{Pod, Service, UnixNanos, Workload};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// The service a connection belongs to, by the rule both ends share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DestinationService {
    Service(Arc<Service>),
    /// A pod, on a port that no Service has.
    Pod,
    /// An address outside the cluster.
    Outside,
    /// Not known: a node's address, an ambiguous one, an unanswered query.
    Unknown,
}

/// Both ends of a connection under the names of the series: one label set of Istio's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    pub reporter: Reporter,
    /// `None`: unknown.
    pub source: Option<Arc<Workload>>,
    pub destination: Option<Arc<Workload>>,
    pub destination_service: DestinationService,
}

/// The end that was first to end a connection, by FIN or RST or by its silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closer {
    /// The end that reports.
    Local,
    Remote,
}

impl Closer {
    /// The end, as both ends call it.
    pub(crate) fn end(self, reporter: Reporter) -> Reporter {
        match (self, reporter) {
            (Self::Local, reporter) => reporter,
            (Self::Remote, Reporter::Source) => Reporter::Destination,
            (Self::Remote, Reporter::Destination) => Reporter::Source,
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// `None`: not known, because its close record was lost, or while others ended that were summed up with it.
    pub(crate) at: Option<Monotonic>,
    pub(crate) by: Option<Closer>,
    pub(crate) why: Option<CloseReason>,
    /// Least round-trip time until then, microseconds; 0: none.
    pub(crate) least_rtt_us: u32,
}

/// What the series of one connection or pod have beyond the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    pub edge: Edge,
    /// `None`: unknown.
    pub destination_pod: Option<Arc<Pod>>,
    /// The client's address, as the observing socket sees it.
    pub source_address: SocketAddr,
    /// The server's address, as the observing socket sees it: a Service's if the client requested one.
    pub destination_address: SocketAddr,
    /// The server's own address, behind any Service; the observed one where that is not known.
    pub destination_pod_address: std::net::IpAddr,
    /// Wall clock at which the handshake completed, or the connection was adopted.
    pub start: UnixNanos,
}

/// What a connection, or several that the kernel folded into one, adds to its series. Bytes are the observing socket's own
/// view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    pub sent: u64,
    pub received: u64,
    pub retransmitted_bytes: u64,
    pub retransmits: u64,
    pub lost: u64,
    /// Connections.
    pub opened: u64,
    pub closed: u64,
    /// Of those: by the other end first.
    pub closed_by_remote: u64,
    /// And how many.
    pub failed: Option<(FailReason, u64)>,
    /// Microseconds, smoothed.
    pub rtt_us: Option<u32>,
    /// Nanoseconds from SYN to established.
    pub handshake: Option<Monotonic>,
    /// Nanoseconds from established to closed.
    pub duration: Option<Monotonic>,
}
