//! Owners of addresses. The operator is queried once for each, and its answer is kept while the address is used.

mod saved;
#[cfg(test)]
mod tests;
mod users;

pub(crate) use saved::SavedIdentity;

use super::pending::ResourceUser;
use super::recent::Recent;
use crate::record::Monotonic;
use longwire_model::identity::{Address, Frontend, Owner, OwnerKind, Pod, UnixNanos};
use std::collections::BTreeSet;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use users::Users;

/// Most addresses that are known or queried.
const MAX_ADDRESSES: usize = 16_384;
/// An address that no connection used for this long is forgotten, unless a living pod has it.
const UNUSED: Monotonic = 600_000_000_000;
/// How far the clocks of nodes and operator may be apart, and how coarse an object's times are.
const CLOCKS: UnixNanos = 1_000_000_000;
/// Tolerated skew between the clocks of two nodes, when one has observed an address and the other a connection. A pod needs longer
/// than this to start at the address of another.
const OBSERVATION_SKEW: UnixNanos = 100_000_000;

/// The owner of an address and port at a moment.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// Queried, and no answer yet.
    Unanswered,
    Pod(Arc<Pod>),
    Service(Frontend),
    Node,
    /// A Service has this port, and the address is a node's or has no other owner. The Service was meant if the node translated the
    /// connection.
    Claimed {
        frontend: Frontend,
        is_node: bool,
    },
    /// No owner in the cluster, ever.
    Outside,
    /// Two candidates, or none at that moment although there were others before or after.
    Ambiguous,
}

#[derive(Debug)]
struct Identity {
    /// `None`: queried, and no answer yet.
    owners: Option<Vec<Owner>>,
    used: Monotonic,
}

#[derive(Debug)]
pub(crate) struct Identities {
    known: Recent<IpAddr, Identity>,
    users: Users,
    /// Not yet handed out.
    unqueried: BTreeSet<IpAddr>,
    forget: Vec<IpAddr>,
    /// Addresses that were forgotten because there were too many.
    pub(super) evicted: u64,
}

impl Identities {
    pub(super) fn new() -> Self {
        Self {
            known: Recent::new(MAX_ADDRESSES),
            users: Users::new(MAX_ADDRESSES),
            unqueried: BTreeSet::new(),
            forget: Vec::new(),
            evicted: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        self.known.iter().map(|(address, _)| *address).collect()
    }

    /// What was answered.
    pub(super) fn answers(&self) -> impl Iterator<Item = Address> {
        let answered = |(address, identity): (&IpAddr, &Identity)| {
            Some(Address { address: *address, owners: identity.owners.clone()? })
        };
        self.known.iter().filter_map(answered)
    }

    /// Pods that have their address now.
    pub(super) fn living(&self) -> impl Iterator<Item = &Arc<Pod>> {
        let owners = self.known.iter().filter_map(|(_, identity)| identity.owners.as_ref()).flatten();
        owners.filter_map(|owner| match &owner.kind {
            OwnerKind::Pod(pod) if owner.until.is_none() => Some(pod),
            _ => None,
        })
    }

    /// Looks an address up as it was at `at`, and queries it if it is new. `user`: whom the lookup is charged to.
    pub(super) fn find(&mut self, address: SocketAddr, user: ResourceUser, at: UnixNanos, now: Monotonic) -> Found {
        let (address, port) = (address.ip(), address.port());
        let Some(identity) = self.known.get(&address) else {
            self.add_query(address, user, now);
            return Found::Unanswered;
        };
        identity.used = now;
        self.users.note(address, user);
        identity.owners.as_ref().map_or(Found::Unanswered, |owners| owner_at(owners, port, at))
    }

    /// Returns whether the address is of interest: an answer for another is ignored.
    pub(super) fn answer(&mut self, answer: &Address) -> bool {
        let Some(identity) = self.known.peek_mut(&answer.address) else { return false };
        identity.owners = Some(answer.owners.clone());
        true
    }

    pub(super) fn sweep(&mut self, now: Monotonic) {
        let unused = self.known.oldest_first().take_while(|(_, identity)| now.saturating_sub(identity.used) >= UNUSED);
        let gone = unused.filter(|(_, identity)| !identity.is_living()).map(|(address, _)| *address);
        for address in gone.collect::<Vec<_>>() {
            self.remove(address);
        }
    }

    /// Addresses to query, and addresses to forget. One that was forgotten and is needed again is queried the next time, because
    /// one message must not have it in both lists.
    pub(super) fn take_queries(&mut self) -> (Vec<IpAddr>, Vec<IpAddr>) {
        let forget = mem::take(&mut self.forget);
        let later = forget.iter().filter(|address| self.unqueried.remove(*address)).copied().collect();
        let addresses = mem::replace(&mut self.unqueried, later).into_iter().collect();
        (addresses, forget)
    }

    fn add_query(&mut self, address: IpAddr, user: ResourceUser, now: Monotonic) {
        if self.known.len() >= MAX_ADDRESSES
            && let Some(evicted) = self.users.next_to_go()
        {
            self.evicted += 1;
            self.remove(evicted);
        }
        self.known.insert(address, Identity { owners: None, used: now });
        self.users.note(address, user);
        self.unqueried.insert(address);
    }

    fn remove(&mut self, address: IpAddr) {
        self.known.remove(&address);
        self.users.release(address);
        self.drop_interest(address);
    }

    fn drop_interest(&mut self, address: IpAddr) {
        if !self.unqueried.remove(&address) {
            self.forget.push(address);
        }
    }
}

impl Identity {
    fn is_living(&self) -> bool {
        let is_living = |owner: &Owner| owner.until.is_none() && matches!(owner.kind, OwnerKind::Pod(_));
        self.owners.iter().flatten().any(is_living)
    }
}

fn owner_at(owners: &[Owner], port: u16, at: UnixNanos) -> Found {
    let claiming = owners.iter().filter(|owner| claims(owner, port));
    if claiming.clone().next().is_none() {
        return Found::Outside;
    }
    let held = |owner: &&Owner| {
        let until = owner.until.unwrap_or(UnixNanos::MAX);
        at.saturating_add(CLOCKS) >= owner.from && at < until.saturating_add(CLOCKS)
    };
    let candidates = claiming.clone().filter(held).filter(|owner| !is_outdone(owner, claiming.clone(), at));
    let (mut node, mut other) = (None, None);
    for Owner { kind, .. } in candidates {
        let known = if matches!(kind, OwnerKind::Node(_)) { &mut node } else { &mut other };
        if known.is_some_and(|known| !is_same(known, kind)) {
            return Found::Ambiguous;
        }
        *known = Some(kind);
    }
    match (node, other) {
        (Some(_), None) => Found::Node,
        (None, Some(OwnerKind::Pod(pod))) => Found::Pod(Arc::clone(pod)),
        (None, Some(OwnerKind::Service(frontend))) if !frontend.is_external => Found::Service(frontend.clone()),
        (node, Some(OwnerKind::Service(frontend))) if !frontend.ports.is_empty() => {
            Found::Claimed { frontend: frontend.clone(), is_node: node.is_some() }
        }
        _ => Found::Ambiguous,
    }
}

/// A Service that shares its address has its own ports only.
fn claims(owner: &Owner, port: u16) -> bool {
    match &owner.kind {
        OwnerKind::Service(frontend) => frontend.claims(port),
        OwnerKind::Pod(_) | OwnerKind::Node(_) => true,
    }
}

/// One of two that follow each other closely, when the moment between them was seen, and `at` is on the other's side.
fn is_outdone<'a>(owner: &Owner, mut owners: impl Iterator<Item = &'a Owner>, at: UnixNanos) -> bool {
    let follows =
        |later: &Owner, earlier: &Owner| later.observed && earlier.until.is_some_and(|until| until <= later.from);
    let has_begun = |later: &Owner| at.saturating_add(OBSERVATION_SKEW) >= later.from;
    owners.any(|other| {
        follows(other, owner) && has_begun(other)
            || follows(owner, other) && !has_begun(owner) && at < other.until.unwrap_or(0).saturating_add(CLOCKS)
    })
}

/// A pod is listed twice when it lost and regained its address.
fn is_same(one: &OwnerKind, other: &OwnerKind) -> bool {
    match (one, other) {
        (OwnerKind::Pod(one), OwnerKind::Pod(other)) => one.uid == other.uid,
        (OwnerKind::Service(one), OwnerKind::Service(other)) => one.service == other.service,
        (one, other) => one == other,
    }
}
