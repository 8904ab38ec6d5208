//! The server's own address, as far as the client's end can know it, and the id that both ends compute from it.
//!
//! ```text
//! the server's end             the local address of its socket
//! both sockets on this machine the same, of the joined socket
//! a pod's address, a Service   the address itself, or conntrack's backend
//! anything else                not known: another node may translate a node port, a proxy may answer for an address outside
//! ```

use super::Resolver;
use super::pending::{Backend, PendingConnection};
use super::resolution::Peer;
use crate::observation::SharedId;
use crate::record::Role;
use std::net::SocketAddr;

impl Resolver {
    /// `None`: not known.
    pub(super) fn server_address(&self, connection: &PendingConnection, peer: &Peer) -> Option<SocketAddr> {
        let end = &connection.end;
        if end.role == Role::Passive {
            return Some(end.local);
        }
        if let Some(server) = self.joins.counterpart(end) {
            return Some(server.local);
        }
        match (peer, connection.backend) {
            (Peer::Pod(_, server, _), _) => Some(*server),
            (Peer::Unknown(_), Backend::Answered(Some(backend))) if backend != end.remote => Some(backend),
            (Peer::Unknown(_), _) => None,
        }
    }
}

impl PendingConnection {
    /// `None`: the sequence numbers or the server's address are not known.
    pub(super) fn shared_id(&self, server: Option<SocketAddr>) -> Option<SharedId> {
        Some(SharedId::of(self.end.sequence?, server?))
    }
}
