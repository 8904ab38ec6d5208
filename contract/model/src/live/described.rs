//! What a connection is: both ends, its Service, its name. It does not change while the connection lives.

use crate::connection::Reporter;
use crate::identity::{Place, Service, UnixNanos, Workload};
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub reporter: Reporter,
    pub name: LiveName,
    pub source: LiveEnd,
    pub destination: LiveEnd,
    /// Of the edge, by the rule that both ends share. `None`: there is none, or it is not known.
    pub service: Option<Arc<Service>>,
    /// The Service that the client requested, where this end knows it.
    pub requested_service: Option<Arc<Service>>,
    /// The client's address, as the reporting socket has it.
    pub source_address: SocketAddr,
    /// The server's address, as the reporting socket has it: a Service's if the client requested one.
    pub requested_address: SocketAddr,
    /// The server's own address, behind any Service. `None`: not known.
    pub answered: Option<SocketAddr>,
    /// Established or adopted, or for a failure first tried.
    pub start: UnixNanos,
    /// Nanoseconds from SYN to established. `None`: this end did not see it, or not while it was watched.
    pub handshake: Option<u64>,
    /// Older than its probe, which counts from when it found it.
    pub adopted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiveName {
    /// Both ends have it, on any node. Big-endian, as trace ids are written.
    Shared([u8; 16]),
    /// Of this end alone, unique on its node since the node's boot.
    Local(u64),
}

/// One end. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveEnd {
    pub workload: Option<Arc<Workload>>,
    pub pod: Option<Arc<LivePod>>,
}

/// A pod as live connections name it. Its namespace is its workload's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LivePod {
    pub uid: String,
    pub name: String,
    pub place: Arc<Place>,
}
