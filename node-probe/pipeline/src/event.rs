//! What happens to a connection, reported once, with both of its ends.
//!
//! ```text
//! live when it was resolved   Opened, Sampled*, Closed     `new` of Opened is all that it has moved until then
//! ended before                Closed                       `new` is all that it has moved; no Opened comes
//! never established           Failed
//! ```
//!
//! The sum of `new` over the events of a connection is its totals. A sample that finds nothing new is no event. A connection that is not
//! reported has no events. After a loss of the kernel side the events of its connections stop without a Closed, because their ends
//! were not seen. A restarted probe continues where its predecessor's saved state ends.
//!
//! An event borrows everything, and computes what a consumer reads: a sample makes one and copies nothing.

mod traffic;

pub use crate::observation::{Closer, SharedId};
pub use traffic::Traffic;

use crate::connection::Moved;
use crate::observation::{Delta, EdgeRef, Ending, Reporter};
use crate::record::{CloseReason, FailReason, Monotonic, Rtt};
use crate::resolve::Resolution;
use longwire_model::identity::{Pod, Service, UnixNanos};
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It lives, and both of its ends are resolved.
    Opened,
    /// A live connection has moved on.
    Sampled,
    Closed,
    /// It never established.
    Failed(FailReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionId {
    /// Both ends compute it, on any node.
    Shared(SharedId),
    /// The sequence numbers or the server's own address are not known to this end. Unique on this node since its boot.
    Local(u64),
    /// Of several connections that the kernel side summed up.
    Several,
}

/// One event of one connection. Bytes are the observing socket's own view.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionEvent<'a> {
    pub(crate) kind: EventKind,
    /// 0: several connections.
    pub(crate) local_id: u64,
    /// The resolution's. A copy, because no sample should need to read the resolution, which is elsewhere in memory.
    pub(crate) reporter: Reporter,
    pub(crate) resolution: &'a Resolution,
    pub(crate) opened: Monotonic,
    pub(crate) ending: Ending,
    /// `None`: it was never live, and all that it has moved is new.
    pub(crate) moved: Option<Moved<'a>>,
    pub(crate) new: &'a Delta,
    pub(crate) rtt: Rtt,
    pub(crate) handshake: Option<Monotonic>,
    /// Wall clock less CLOCK_MONOTONIC.
    pub(crate) wall_clock_offset: UnixNanos,
}

impl<'a> ConnectionEvent<'a> {
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    #[must_use]
    pub fn id(&self) -> ConnectionId {
        match (self.resolution.id(), self.local_id) {
            (Some(id), _) => ConnectionId::Shared(id),
            (None, 0) => ConnectionId::Several,
            (None, id) => ConnectionId::Local(id),
        }
    }

    /// Which end reports.
    #[must_use]
    pub fn reporter(&self) -> Reporter {
        self.reporter
    }

    /// Both ends under the names of the series.
    #[must_use]
    pub fn edge(&self) -> EdgeRef<'a> {
        self.resolution.edge()
    }

    /// `None`: unknown.
    #[must_use]
    pub fn source_pod(&self) -> Option<&'a Arc<Pod>> {
        self.resolution.source_pod()
    }

    /// `None`: unknown.
    #[must_use]
    pub fn destination_pod(&self) -> Option<&'a Arc<Pod>> {
        self.resolution.destination_pod()
    }

    /// The Service that the client requested, where this end knows it. The edge may name another.
    #[must_use]
    pub fn requested_service(&self) -> Option<&'a Arc<Service>> {
        self.resolution.requested_service()
    }

    /// The client's address, as the observing socket has it.
    #[must_use]
    pub fn source(&self) -> SocketAddr {
        self.resolution.source()
    }

    /// The server's address, as the observing socket has it: a Service's if the client requested one.
    #[must_use]
    pub fn original_destination(&self) -> SocketAddr {
        self.resolution.destination()
    }

    /// The server's own address, behind any Service. `None`: not known.
    #[must_use]
    pub fn answered(&self) -> Option<SocketAddr> {
        self.resolution.server()
    }

    /// Established or adopted, or for a failure first tried.
    #[must_use]
    pub fn start(&self) -> UnixNanos {
        self.opened.saturating_add(self.wall_clock_offset)
    }

    /// Of [`EventKind::Closed`] and [`EventKind::Failed`]. `None`: the close record was lost, or it lives.
    #[must_use]
    pub fn end(&self) -> Option<UnixNanos> {
        let end = self.ending.at.or_else(|| Some(self.opened.saturating_add(self.new.duration?)));
        Some(end?.saturating_add(self.wall_clock_offset))
    }

    /// Which end was first to end it. `None`: not known, or it lives, or several connections.
    #[must_use]
    pub fn closer(&self) -> Option<Closer> {
        let is_remote = self.new.closed == 1 && self.new.closed_by_remote == 1;
        self.ending.by.or(is_remote.then_some(Closer::Remote))
    }

    /// How it ended. `None`: it lives, or it is not known.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.ending.why
    }

    /// More than 1: the kernel side summed several up.
    #[must_use]
    pub fn connections(&self) -> u64 {
        let failed = self.new.failed.map_or(0, |(_, count)| count);
        self.new.closed.max(failed).max(1)
    }

    /// What it has moved since the probe sees it.
    #[must_use]
    pub fn totals(&self) -> Traffic {
        self.moved.map_or_else(|| Traffic::from(self.new), |moved| Traffic::from(&moved.total()))
    }

    /// What is new since the event before. Its round-trip time, handshake and duration are those that histograms shall count.
    #[must_use]
    pub fn delta(&self) -> &'a Delta {
        self.new
    }

    /// Smoothed round-trip time as it was last read, microseconds. `None`: not known.
    #[must_use]
    pub fn rtt_us(&self) -> Option<u32> {
        (self.rtt.smoothed_us != 0).then_some(self.rtt.smoothed_us)
    }

    /// Least round-trip time of the kernel's window, some minutes, microseconds. `None`: not known.
    #[must_use]
    pub fn least_rtt_us(&self) -> Option<u32> {
        (self.rtt.least_us != 0).then_some(self.rtt.least_us)
    }

    /// Nanoseconds from SYN to established, where this end sent the SYN under the probe's eyes. Not of [`EventKind::Sampled`].
    #[must_use]
    pub fn handshake(&self) -> Option<Monotonic> {
        self.handshake
    }
}
