//! The Service that the client requested, where both ends can know it. Then both name it, and otherwise neither does.
//!
//! ```text
//! both sockets on this machine      the address that the client connected to
//! the server listens on a Service's address (node-local DNS)      that address, which both ends see
//! ```
//!
//! With the client on another node only the client's end could know the requested address, from its node's conntrack.

use super::Resolver;
use super::identity::Found;
use super::local::{Local, SocketOwner};
use super::pending::{Moment, PendingConnection, Timeout, Waiting};
use crate::record::Role;
use longwire_model::identity::{Frontend, Pod, Service};
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Requested {
    frontend: Frontend,
    original_destination: SocketAddr,
}

impl Requested {
    pub(super) fn service(&self) -> &Arc<Service> {
        &self.frontend.service
    }

    /// The Service, if it leads to this pod at this address. A translation by another party than Kubernetes may lead anywhere.
    pub(super) fn leading_to(&self, pod: &Pod, at: SocketAddr) -> Option<&Arc<Service>> {
        let is_there = pod.host_network && at == self.original_destination;
        (is_there || self.frontend.leads_to(pod, at)).then_some(&self.frontend.service)
    }
}

impl Resolver {
    /// Queries the operator for the owner of the requested address, unless it is the server's own.
    pub(super) fn requested(
        &mut self,
        pending: &mut PendingConnection,
        local: &Local,
        moment: Moment,
    ) -> Result<Option<Requested>, Waiting> {
        let end = pending.end;
        let other = self.joins.counterpart(&end).and_then(|seen| match &seen.owner {
            Some(SocketOwner::Pod(other)) => Some((seen, &other.pod)),
            _ => None,
        });
        let (original_destination, (server, at)) = match (end.role, other) {
            (Role::Active, Some((seen, pod))) => (end.remote, (pod, seen.local)),
            (Role::Passive, Some((seen, _))) => (seen.remote, (&local.pod, end.local)),
            (Role::Passive, None) => (end.local, (&local.pod, end.local)),
            (Role::Active, None) => return Ok(None),
        };
        let is_translated = original_destination != at;
        let is_foreign = || server.host_network && !at.ip().is_loopback() && !server.addresses.contains(&at.ip());
        if !is_translated && !is_foreign() {
            return Ok(None);
        }
        Ok(match self.owner_of(pending, original_destination, Timeout::Requested, moment)? {
            Found::Service(frontend) => Some(Requested { frontend, original_destination }),
            Found::Claimed { frontend, .. } if is_translated => Some(Requested { frontend, original_destination }),
            _ => None,
        })
    }
}
