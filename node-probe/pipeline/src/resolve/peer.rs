//! Finds the other end: the joined socket, else the pod itself, else the owner of the address.

#[cfg(test)]
mod tests;

use super::Resolver;
use super::end::End;
use super::identity::Found;
use super::join::PairEnd;
use super::local::{Local, SocketOwner};
use super::pending::{Backend, Moment, PendingConnection, Timeout, Wait, Waiting};
use super::resolution::Peer;
use crate::observation::DestinationService;
use crate::record::{Monotonic, Role};
use longwire_model::identity::Service;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The result of a lookup of the other end.
#[derive(Debug)]
pub(super) enum OtherEnd {
    Peer(Peer),
    /// The pod itself.
    Itself,
    /// A process of the node connects to its pod, as kubelet's checks do.
    Host,
}

/// A query to conntrack: which backend did a Service's address lead to?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendQuery {
    /// Identifies the query in the answer.
    pub token: u64,
    pub source: SocketAddr,
    /// As the client requested it.
    pub destination: SocketAddr,
}

impl Resolver {
    pub(super) fn find_other_end(
        &mut self,
        pending: &mut PendingConnection,
        local: &Local,
        moment: Moment,
    ) -> Result<OtherEnd, Waiting> {
        if let Some(found) = self.find_by_socket(pending, local, moment)? {
            return Ok(found);
        }
        if pending.end.stays_inside() {
            return self.find_inside(pending, moment);
        }
        self.find_by_address(pending, moment).map(OtherEnd::Peer)
    }

    /// `None`: the other end is not on this machine, or not of this node.
    fn find_by_socket(
        &mut self,
        pending: &mut PendingConnection,
        local: &Local,
        moment: Moment,
    ) -> Result<Option<OtherEnd>, Waiting> {
        let Some(counterpart) = self.joins.counterpart(&pending.end) else { return Ok(None) };
        let Some(owner) = &counterpart.owner else {
            let timeout = pending.timeout(Timeout::Counterpart, moment.now + self.waits.answer, moment);
            return timeout.map_or(Ok(None), |until| Err(Waiting { on: Wait::Counterpart, until: Some(until) }));
        };
        Ok(Some(match (owner, pending.end.role) {
            (SocketOwner::Pod(other), _) if other.slot.is(local.slot) && is_local_leg(&pending.end, counterpart) => {
                OtherEnd::Itself
            }
            (SocketOwner::Pod(other), _) => OtherEnd::Peer(Peer::Pod(Arc::clone(&other.pod), counterpart.local, None)),
            (SocketOwner::Host, Role::Passive) => OtherEnd::Host,
            (SocketOwner::Host, Role::Active) => {
                let server = counterpart.local;
                OtherEnd::Peer(self.requested_of_host(pending, server, moment)?)
            }
            (SocketOwner::Foreign, _) => return Ok(None),
        }))
    }

    /// The server is a process of the node: only a requested Service has a name.
    fn requested_of_host(
        &mut self,
        pending: &mut PendingConnection,
        server: SocketAddr,
        moment: Moment,
    ) -> Result<Peer, Waiting> {
        let is_translated = pending.end.remote != server;
        Ok(Peer::Unknown(match self.owner_of(pending, pending.end.remote, Timeout::Owner, moment)? {
            Found::Service(frontend) => DestinationService::Service(frontend.service),
            Found::Claimed { frontend, .. } if is_translated => DestinationService::Service(frontend.service),
            _ => DestinationService::Unknown,
        }))
    }

    /// Over loopback, or with its own address. A pod has a network of its own, but in the node's network the other end may be
    /// another process.
    fn find_inside(&self, pending: &PendingConnection, moment: Moment) -> Result<OtherEnd, Waiting> {
        if pending.end.netns == self.host_netns && pending.may_join(moment) {
            return Err(JOIN);
        }
        Ok(OtherEnd::Itself)
    }

    fn find_by_address(&mut self, pending: &mut PendingConnection, moment: Moment) -> Result<Peer, Waiting> {
        let remote = pending.end.remote;
        let found = self.owner_of(pending, remote, Timeout::Owner, moment)?;
        self.wait_until_settled(pending, remote.ip(), &found, moment)?;
        match (found, pending.end.role) {
            (Found::Pod(pod), _) => self.unless_joined(pending, Peer::Pod(pod, remote, None), moment),
            (Found::Service(frontend), Role::Active) => self.find_backend(pending, frontend.service, moment),
            (Found::Claimed { frontend, is_node }, Role::Active) => {
                self.find_backend_if_translated(pending, frontend.service, is_node, moment)
            }
            (Found::Outside, Role::Active) => {
                self.unless_joined(pending, Peer::Unknown(DestinationService::Outside), moment)
            }
            _ if pending.may_join(moment) => Err(JOIN),
            (Found::Unanswered, _) => Ok(unknown(DestinationService::Unknown, &mut self.counts.unanswered)),
            // A masqueraded peer of another node, most likely.
            (Found::Outside | Found::Claimed { is_node: false, .. }, Role::Passive) => {
                Ok(unknown(DestinationService::Unknown, &mut self.counts.sources_outside))
            }
            (Found::Node | Found::Claimed { .. } | Found::Ambiguous | Found::Service(_), _) => {
                Ok(unknown(DestinationService::Unknown, &mut self.counts.ambiguous))
            }
        }
    }

    /// The owner of the address, unless the other socket shows up. Both sockets are more reliable than an address, and the second
    /// one follows the first within milliseconds.
    fn unless_joined(&self, pending: &mut PendingConnection, peer: Peer, moment: Moment) -> Result<Peer, Waiting> {
        let is_alone = pending.end.sequence.is_some() && self.joins.counterpart(&pending.end).is_none();
        if is_alone && let Some(until) = pending.timeout(Timeout::Shortly, pending.seen + CLOSELY, moment) {
            return Err(Waiting { on: Wait::Shortly, until: Some(until) });
        }
        Ok(peer)
    }

    /// The Service was requested if the node translated the address. Otherwise the address counts as if the Service did not have it.
    fn find_backend_if_translated(
        &mut self,
        pending: &mut PendingConnection,
        service: Arc<Service>,
        is_node: bool,
        moment: Moment,
    ) -> Result<Peer, Waiting> {
        match self.backend_of(pending, moment)? {
            Some(backend) if backend != pending.end.remote => self.find_backend(pending, service, moment),
            _ if !is_node => self.unless_joined(pending, Peer::Unknown(DestinationService::Outside), moment),
            _ if pending.may_join(moment) => Err(JOIN),
            _ => Ok(unknown(DestinationService::Unknown, &mut self.counts.ambiguous)),
        }
    }

    /// A Service was requested. Conntrack knows the backend.
    fn find_backend(
        &mut self,
        pending: &mut PendingConnection,
        service: Arc<Service>,
        moment: Moment,
    ) -> Result<Peer, Waiting> {
        let backend = self.backend_of(pending, moment)?;
        let found = match backend {
            Some(backend) => Some(self.owner_of(pending, backend, Timeout::BackendOwner, moment)?),
            None => None,
        };
        if let (Some(backend), Some(found)) = (backend, &found) {
            self.wait_until_settled(pending, backend.ip(), found, moment)?;
        }
        let destination_service = DestinationService::Service(Arc::clone(&service));
        match (backend, found) {
            (Some(backend), Some(Found::Pod(pod))) => {
                self.unless_joined(pending, Peer::Pod(pod, backend, Some(service)), moment)
            }
            _ if pending.may_join(moment) => Err(JOIN),
            (_, Some(Found::Unanswered)) => Ok(unknown(destination_service, &mut self.counts.unanswered)),
            (_, Some(Found::Node | Found::Claimed { .. } | Found::Ambiguous)) => {
                Ok(unknown(destination_service, &mut self.counts.ambiguous))
            }
            _ => Ok(unknown(destination_service, &mut self.counts.backend_unknown)),
        }
    }

    /// A young connection waits, because the report of a new owner of the address takes time to arrive. It waits longer for an
    /// address that pods have had: one has it now, most likely.
    fn wait_until_settled(
        &self,
        pending: &mut PendingConnection,
        address: IpAddr,
        found: &Found,
        moment: Moment,
    ) -> Result<(), Waiting> {
        let (kind, wait) = match found {
            Found::Pod(_) | Found::Outside => (Timeout::Settled, self.waits.settling),
            Found::Ambiguous => (Timeout::Ambiguous, self.waits.pod),
            Found::Unanswered | Found::Service(_) | Found::Node | Found::Claimed { .. } => return Ok(()),
        };
        let timeout = pending.timeout(kind, pending.end.opened.saturating_add(wait), moment);
        timeout.map_or(Ok(()), |until| Err(Waiting { on: Wait::Address(address), until: Some(until) }))
    }

    /// Queries conntrack once. `None`: it has no entry, or did not answer in time.
    fn backend_of(&mut self, pending: &mut PendingConnection, moment: Moment) -> Result<Option<SocketAddr>, Waiting> {
        if let Backend::Answered(backend) = pending.backend {
            return Ok(backend);
        }
        let Some(until) = pending.timeout(Timeout::Backend, moment.now + self.waits.answer, moment) else {
            return Ok(None);
        };
        if pending.backend == Backend::Unqueried {
            if self.backends.len() >= MAX_QUERIES {
                return Ok(None);
            }
            pending.backend = Backend::Queried;
            let End { local: source, remote: destination, .. } = pending.end;
            self.backends.push(BackendQuery { token: pending.key, source, destination });
        }
        Err(Waiting { on: Wait::Backend, until: Some(until) })
    }

    /// The owner of the address when the connection opened.
    pub(super) fn owner_of(
        &mut self,
        pending: &mut PendingConnection,
        address: SocketAddr,
        timeout: Timeout,
        moment: Moment,
    ) -> Result<Found, Waiting> {
        let (user, at) = (self.user_of(pending), pending.end.opened.saturating_add(self.wall_clock_offset));
        let found = self.identities.find(address, user, at, moment.now);
        if let Found::Unanswered = found
            && let Some(until) = pending.timeout(timeout, moment.now + self.waits.answer, moment)
        {
            return Err(Waiting { on: Wait::Address(address.ip()), until: Some(until) });
        }
        Ok(found)
    }
}

/// Most queries to conntrack that are not taken yet.
const MAX_QUERIES: usize = 65_536;
/// Time between the records of both sockets of a connection: a pass over 100,000 connections takes up to 220 ms in batches.
const CLOSELY: Monotonic = 250_000_000;
const JOIN: Waiting = Waiting { on: Wait::Join, until: None };

fn unknown(destination_service: DestinationService, count: &mut u64) -> Peer {
    *count += 1;
    Peer::Unknown(destination_service)
}

/// The server sees the client's own address: no translation, no proxy in between. A hairpin through a Service is masqueraded, so it
/// counts as an edge.
fn is_local_leg(end: &End, counterpart: &PairEnd) -> bool {
    let (client, server_sees) = match end.role {
        Role::Active => (end.local, counterpart.remote),
        Role::Passive => (counterpart.local, end.remote),
    };
    end.netns == counterpart.netns && client == server_sees
}
