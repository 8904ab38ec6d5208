//! The owners of each address, present and recent: a connection that is reported late belongs to the owner at the time when
//! it opened.

use super::interval::{Left, OwnershipInterval, owners};
use super::observations::{Ownership, Right};
use crate::source::object::Name;
use longwire_model::identity::{Owner, OwnerKind, UnixNanos};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// How long an owner is still sent after it left, nanoseconds: 5 minutes.
pub(super) const KEPT: u64 = 300 * 1_000_000_000;
/// Up to so many owners of an address, it is compared whether the answer changes when one comes or goes.
const FEW: usize = 64;
/// Departures remembered at a time: 200 a second for as long as they are kept. Past it the oldest goes early.
const MAX_DEPARTED: usize = 65_536;

/// Identifies an owner: a pod that is created again under its name is another owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum OwnerName {
    Node(String),
    Pod(Name, String),
    Service(Name),
}

#[derive(Debug, Default)]
pub(super) struct Owners {
    addresses: HashMap<IpAddr, BTreeMap<OwnerName, OwnershipInterval>>,
    held: HashMap<OwnerName, Vec<IpAddr>>,
    /// In the order of being noticed.
    departed: VecDeque<Departure>,
}

#[derive(Debug)]
struct Departure {
    noticed: UnixNanos,
    left: Left,
    address: IpAddr,
    owner: OwnerName,
}

impl Owners {
    /// All present and recent owners of the address, in a stable order.
    pub(super) fn of(&self, address: IpAddr) -> Vec<Owner> {
        self.owners_at(address).0
    }

    /// The same, and how many are left out.
    pub(super) fn owners_at(&self, address: IpAddr) -> (Vec<Owner>, usize) {
        self.addresses.get(&address).map(|intervals| owners(intervals.values())).unwrap_or_default()
    }

    /// `None`: too many owners to compute the answer for each change.
    fn of_few(&self, address: IpAddr) -> Option<Vec<Owner>> {
        let is_few = self.addresses.get(&address).is_none_or(|intervals| intervals.len() <= FEW);
        is_few.then(|| self.of(address))
    }

    /// A pod's status has the address, or had it lately.
    pub(super) fn is_pods(&self, address: IpAddr) -> bool {
        let is_pods =
            |interval: &OwnershipInterval| interval.right == Right::Own && matches!(interval.kind, OwnerKind::Pod(_));
        self.addresses.get(&address).is_some_and(|intervals| intervals.values().any(is_pods))
    }

    /// No process of these pods of the node was left when another pod was first observed at the address. The observation may
    /// be repeated after further pods have had the address: it does not concern those.
    pub(super) fn vacate(
        &mut self,
        address: IpAddr,
        node: &str,
        gone: &[String],
        since: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let before = self.of_few(address);
        for (name, interval) in self.addresses.get_mut(&address).into_iter().flatten() {
            if let OwnerName::Pod(_, uid) = name
                && gone.contains(uid)
                && interval.node() == Some(node)
                && since > interval.began()
            {
                interval.vacated = Some(interval.vacated.map_or(since, |vacated| vacated.min(since)));
            }
        }
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
    }

    /// From now on the owner has these addresses and no others. Notes the addresses whose answers change.
    pub(super) fn hold(
        &mut self,
        name: OwnerName,
        kind: &OwnerKind,
        ownerships: &[Ownership],
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let former = self.held.remove(&name).unwrap_or_default();
        for address in
            former.into_iter().filter(|address| ownerships.iter().all(|ownership| ownership.address != *address))
        {
            if !self.refute(address, &name, changed) {
                self.leave(address, &name, Left::at(now), now, changed);
            }
        }
        for ownership in ownerships {
            self.note(ownership.address, &name, OwnershipInterval::new(kind, ownership, None), changed);
        }
        if !ownerships.is_empty() {
            self.held.insert(name, ownerships.iter().map(|ownership| ownership.address).collect());
        }
        self.forget_too_many(changed);
    }

    /// The owner had these addresses and has left them since; it was not known until now.
    pub(super) fn recall(
        &mut self,
        name: &OwnerName,
        kind: &OwnerKind,
        ownerships: &[Ownership],
        left: Left,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        for ownership in ownerships {
            let address = ownership.address;
            let known = self.addresses.get(&address).and_then(|intervals| intervals.get(name));
            if known.is_some_and(|known| (known.observed, known.right) == (ownership.observed, ownership.right)) {
                continue;
            }
            let (is_noticed, left) = (known.is_some(), known.and_then(|known| known.left).unwrap_or(left));
            self.note(address, name, OwnershipInterval::new(kind, ownership, Some(left)), changed);
            if !is_noticed {
                self.departed.push_back(Departure { noticed: now, left, address, owner: name.clone() });
            }
        }
        self.forget_too_many(changed);
    }

    /// The owner is gone.
    pub(super) fn release(&mut self, name: &OwnerName, left: Left, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        for address in self.held.remove(name).unwrap_or_default() {
            self.leave(address, name, left, now, changed);
        }
        self.forget_too_many(changed);
    }

    pub(super) fn expire(&mut self, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        while self.departed.front().is_some_and(|departure| departure.noticed.saturating_add(KEPT) <= now) {
            self.forget_oldest(changed);
        }
    }

    /// An interval that was only observed is dropped once the pod's status has other addresses.
    fn refute(&mut self, address: IpAddr, name: &OwnerName, changed: &mut BTreeSet<IpAddr>) -> bool {
        let before = self.of_few(address);
        let Some(intervals) = self.addresses.get_mut(&address) else { return false };
        if intervals.get(name).is_none_or(|interval| interval.right != Right::Observed) {
            return false;
        }
        intervals.remove(name);
        if intervals.is_empty() {
            self.addresses.remove(&address);
        }
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
        true
    }

    /// Replaces the owner's interval at the address. The address counts as changed only if the answer differs.
    fn note(&mut self, address: IpAddr, name: &OwnerName, interval: OwnershipInterval, changed: &mut BTreeSet<IpAddr>) {
        let before = self.of_few(address);
        let intervals = self.addresses.entry(address).or_default();
        let vacated = intervals.get(name).and_then(|known| known.vacated);
        intervals.insert(name.clone(), OwnershipInterval { vacated, ..interval });
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
    }

    fn leave(&mut self, address: IpAddr, name: &OwnerName, left: Left, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        let before = self.of_few(address);
        let interval = self.addresses.get_mut(&address).and_then(|intervals| intervals.get_mut(name));
        if let Some(interval) = interval {
            interval.left = Some(left);
            self.departed.push_back(Departure { noticed: now, left, address, owner: name.clone() });
        }
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
    }

    fn forget_too_many(&mut self, changed: &mut BTreeSet<IpAddr>) {
        let excess = self.departed.len().saturating_sub(MAX_DEPARTED);
        if excess > 0 {
            tracing::warn!(
                "{excess} former owners of addresses are forgotten early: more than {MAX_DEPARTED} left lately"
            );
            (0..excess).for_each(|_| self.forget_oldest(changed));
        }
    }

    fn forget_oldest(&mut self, changed: &mut BTreeSet<IpAddr>) {
        let Some(Departure { left, address, owner, .. }) = self.departed.pop_front() else { return };
        let Some(intervals) = self.addresses.get_mut(&address) else { return };
        // Unless it came back since.
        if intervals.get(&owner).is_some_and(|interval| interval.left == Some(left)) {
            intervals.remove(&owner);
            changed.insert(address);
        }
        if intervals.is_empty() {
            self.addresses.remove(&address);
        }
    }
}
