//! Who is at the other end: the joined socket, else the pod itself, else the owner of the address.

#[cfg(test)]
mod tests;

use super::Enrich;
use super::end::End;
use super::identity::Found;
use super::inquiry::{Backend, Inquiry, Moment, Patience, Wait, Waiting};
use super::join::Seen;
use super::local::{Local, Standing};
use super::resolution::Peer;
use crate::observation::Dialled;
use crate::record::{Monotonic, Role};
use longwire_model::identity::Service;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where a look at the other end leads.
#[derive(Debug)]
pub(super) enum Look {
    Peer(Peer),
    /// Nobody else is there: a pod with itself.
    Itself,
    /// A process of the node dials its pod, as kubelet's checks do.
    Host,
    Wait(Waiting),
}

/// A question to conntrack: which backend did a Service's address lead to?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendQuestion {
    /// Names the question in the answer.
    pub token: u64,
    pub source: SocketAddr,
    /// As the client dialled it.
    pub destination: SocketAddr,
}

impl Enrich {
    pub(super) fn look(&mut self, inquiry: &mut Inquiry, local: &Local, moment: Moment) -> Look {
        if let Some(look) = self.look_at_counterpart(inquiry, local, moment) {
            return look;
        }
        if inquiry.end.stays_inside() {
            return self.look_inside(inquiry, moment);
        }
        self.look_at_address(inquiry, moment)
    }

    /// `None`: the other end is not on this machine, or not of this node.
    fn look_at_counterpart(&mut self, inquiry: &mut Inquiry, local: &Local, moment: Moment) -> Option<Look> {
        let counterpart = self.joins.counterpart(&inquiry.end)?.clone();
        let Some(standing) = &counterpart.standing else {
            let until = inquiry.patience(Patience::Counterpart, moment.now + self.waits.answer, moment)?;
            return Some(Look::Wait(Waiting { on: Wait::Counterpart, until: Some(until) }));
        };
        match (standing, inquiry.end.role) {
            (Standing::Pod(other), _) if other.slot.is(local.slot) && is_local_leg(&inquiry.end, &counterpart) => {
                Some(Look::Itself)
            }
            (Standing::Pod(other), _) => Some(Look::Peer(Peer::Pod(Arc::clone(&other.pod), counterpart.local, None))),
            (Standing::Host, Role::Passive) => Some(Look::Host),
            (Standing::Host, Role::Active) => Some(self.look_at_host(inquiry, &counterpart, moment)),
            (Standing::Foreign, _) => None,
        }
    }

    /// A process of the node serves: of what was dialled, only a Service can be named.
    fn look_at_host(&mut self, inquiry: &mut Inquiry, counterpart: &Seen, moment: Moment) -> Look {
        let is_translated = inquiry.end.remote != counterpart.local;
        match self.ask(inquiry, inquiry.end.remote, Patience::Owner, moment) {
            Err(waiting) => Look::Wait(waiting),
            Ok(Found::Service(frontend)) => Look::Peer(Peer::Unknown(Dialled::Service(frontend.service))),
            Ok(Found::Claimed { frontend, .. }) if is_translated => {
                Look::Peer(Peer::Unknown(Dialled::Service(frontend.service)))
            }
            Ok(_) => Look::Peer(Peer::Unknown(Dialled::Unknown)),
        }
    }

    /// Over loopback, or with its own address. A pod has a network for itself, the node's is shared by many.
    fn look_inside(&self, inquiry: &Inquiry, moment: Moment) -> Look {
        if inquiry.end.netns == self.host_netns && inquiry.may_join(moment) {
            return Look::Wait(JOIN);
        }
        Look::Itself
    }

    fn look_at_address(&mut self, inquiry: &mut Inquiry, moment: Moment) -> Look {
        let remote = inquiry.end.remote;
        let found = match self.ask(inquiry, remote, Patience::Owner, moment) {
            Ok(found) => found,
            Err(waiting) => return Look::Wait(waiting),
        };
        if is_passing(&found)
            && let Some(wait) = self.settling(inquiry, remote.ip(), moment)
        {
            return wait;
        }
        match (found, inquiry.end.role) {
            (Found::Pod(pod), _) => self.unless_joined(inquiry, Peer::Pod(pod, remote, None), moment),
            (Found::Service(frontend), Role::Active) => self.look_behind(inquiry, frontend.service, moment),
            (Found::Claimed { frontend, is_node }, Role::Active) => {
                self.look_behind_claim(inquiry, frontend.service, is_node, moment)
            }
            (Found::Nobody, Role::Active) => self.unless_joined(inquiry, Peer::Unknown(Dialled::Outside), moment),
            _ if inquiry.may_join(moment) => Look::Wait(JOIN),
            (Found::Unanswered, _) => unknown(Dialled::Unknown, &mut self.counts.unanswered),
            // A masqueraded peer of another node, most likely.
            (Found::Nobody | Found::Claimed { is_node: false, .. }, Role::Passive) => {
                unknown(Dialled::Unknown, &mut self.counts.sources_outside)
            }
            (Found::Node | Found::Claimed { .. } | Found::Ambiguous | Found::Service(_), _) => {
                unknown(Dialled::Unknown, &mut self.counts.ambiguous)
            }
        }
    }

    /// The address tells; but both sockets tell more, and the second one follows the first closely.
    fn unless_joined(&self, inquiry: &mut Inquiry, peer: Peer, moment: Moment) -> Look {
        let is_alone = inquiry.end.sequence.is_some() && self.joins.counterpart(&inquiry.end).is_none();
        if is_alone && let Some(until) = inquiry.patience(Patience::Shortly, inquiry.seen + CLOSELY, moment) {
            return Look::Wait(Waiting { on: Wait::Shortly, until: Some(until) });
        }
        Look::Peer(peer)
    }

    /// What was dialled is a Service's if the node led it elsewhere. Otherwise it is as if the Service claimed nothing.
    fn look_behind_claim(
        &mut self,
        inquiry: &mut Inquiry,
        service: Arc<Service>,
        is_node: bool,
        moment: Moment,
    ) -> Look {
        match self.backend_of(inquiry, moment) {
            Err(waiting) => Look::Wait(waiting),
            Ok(Some(backend)) if backend != inquiry.end.remote => self.look_behind(inquiry, service, moment),
            Ok(_) if !is_node => self.unless_joined(inquiry, Peer::Unknown(Dialled::Outside), moment),
            Ok(_) if inquiry.may_join(moment) => Look::Wait(JOIN),
            Ok(_) => unknown(Dialled::Unknown, &mut self.counts.ambiguous),
        }
    }

    /// A Service was dialled; conntrack knows which pod it led to.
    fn look_behind(&mut self, inquiry: &mut Inquiry, service: Arc<Service>, moment: Moment) -> Look {
        let backend = match self.backend_of(inquiry, moment) {
            Ok(backend) => backend,
            Err(waiting) => return Look::Wait(waiting),
        };
        let found = match backend.map(|backend| self.ask(inquiry, backend, Patience::BackendOwner, moment)) {
            Some(Err(waiting)) => return Look::Wait(waiting),
            Some(Ok(found)) => Some(found),
            None => None,
        };
        if let (Some(backend), Some(found)) = (backend, &found)
            && is_passing(found)
            && let Some(wait) = self.settling(inquiry, backend.ip(), moment)
        {
            return wait;
        }
        let dialled = Dialled::Service(Arc::clone(&service));
        match (backend, found) {
            (Some(backend), Some(Found::Pod(pod))) => {
                self.unless_joined(inquiry, Peer::Pod(pod, backend, Some(service)), moment)
            }
            _ if inquiry.may_join(moment) => Look::Wait(JOIN),
            (_, Some(Found::Unanswered)) => unknown(dialled, &mut self.counts.unanswered),
            (_, Some(Found::Node | Found::Claimed { .. } | Found::Ambiguous)) => {
                unknown(dialled, &mut self.counts.ambiguous)
            }
            _ => unknown(dialled, &mut self.counts.backend_unknown),
        }
    }

    /// Word that an address changed hands takes its time, so a young connection waits for it.
    fn settling(&self, inquiry: &mut Inquiry, address: IpAddr, moment: Moment) -> Option<Look> {
        let until =
            inquiry.patience(Patience::Settled, inquiry.end.opened.saturating_add(self.waits.settling), moment)?;
        Some(Look::Wait(Waiting { on: Wait::Address(address), until: Some(until) }))
    }

    /// Asks once. `None`: conntrack has no entry, or did not say in time.
    fn backend_of(&mut self, inquiry: &mut Inquiry, moment: Moment) -> Result<Option<SocketAddr>, Waiting> {
        if let Backend::Answered(backend) = inquiry.backend {
            return Ok(backend);
        }
        let Some(until) = inquiry.patience(Patience::Backend, moment.now + self.waits.answer, moment) else {
            return Ok(None);
        };
        if inquiry.backend == Backend::Unasked {
            if self.backends.len() >= MOST_QUESTIONS {
                return Ok(None);
            }
            inquiry.backend = Backend::Asked;
            let End { local: source, remote: destination, .. } = inquiry.end;
            self.backends.push(BackendQuestion { token: inquiry.key, source, destination });
        }
        Err(Waiting { on: Wait::Backend, until: Some(until) })
    }

    /// Who held the address when the connection opened.
    pub(super) fn ask(
        &mut self,
        inquiry: &mut Inquiry,
        address: SocketAddr,
        patience: Patience,
        moment: Moment,
    ) -> Result<Found, Waiting> {
        let (whose, at) = (self.whose(inquiry), inquiry.end.opened.saturating_add(self.wall_clock_offset));
        let found = self.identities.find(address, whose, at, moment.now);
        if let Found::Unanswered = found
            && let Some(until) = inquiry.patience(patience, moment.now + self.waits.answer, moment)
        {
            return Err(Waiting { on: Wait::Address(address.ip()), until: Some(until) });
        }
        Ok(found)
    }
}

/// Questions to conntrack that are not yet handed out.
const MOST_QUESTIONS: usize = 65_536;
/// A pass over 100,000 connections that is cut into stretches takes up to 220 ms.
const CLOSELY: Monotonic = 250_000_000;
const JOIN: Waiting = Waiting { on: Wait::Join, until: None };

/// Whoever has the address may have it from another since a moment ago.
fn is_passing(found: &Found) -> bool {
    matches!(found, Found::Pod(_) | Found::Nobody | Found::Ambiguous)
}

fn unknown(dialled: Dialled, count: &mut u64) -> Look {
    *count += 1;
    Look::Peer(Peer::Unknown(dialled))
}

/// The server sees its client where the client is: nothing translated, nobody in between. A hairpin through a Service is
/// masqueraded, and an edge.
fn is_local_leg(end: &End, counterpart: &Seen) -> bool {
    let (client, server_sees) = match end.role {
        Role::Active => (end.local, counterpart.remote),
        Role::Passive => (counterpart.local, end.remote),
    };
    end.netns == counterpart.netns && client == server_sees
}
