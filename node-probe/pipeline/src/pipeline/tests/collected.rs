//! A consumer that keeps what each event says.

use crate::event::{Closer, ConnectionEvent, ConnectionId, EventKind, Traffic};
use crate::observation::{Delta, Reporter};
use longwire_model::identity::UnixNanos;
use std::net::SocketAddr;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Collected {
    /// Of the kernel side.
    pub(crate) local_id: u64,
    pub(crate) id: ConnectionId,
    pub(crate) kind: EventKind,
    pub(crate) reporter: Reporter,
    pub(crate) addresses: (SocketAddr, SocketAddr, Option<SocketAddr>),
    pub(crate) start: UnixNanos,
    pub(crate) end: Option<UnixNanos>,
    pub(crate) closer: Option<Closer>,
    pub(crate) connections: u64,
    pub(crate) totals: Traffic,
    pub(crate) new: Delta,
    pub(crate) rtt_us: Option<u32>,
    pub(crate) handshake: Option<u64>,
}

impl Collected {
    pub(crate) fn of(event: &ConnectionEvent<'_>) -> Self {
        Self {
            local_id: event.local_id,
            id: event.id(),
            kind: event.kind(),
            reporter: event.reporter(),
            addresses: (event.source(), event.original_destination(), event.answered()),
            start: event.start(),
            end: event.end(),
            closer: event.closer(),
            connections: event.connections(),
            totals: event.totals(),
            new: *event.delta(),
            rtt_us: event.rtt_us(),
            handshake: event.handshake(),
        }
    }
}
