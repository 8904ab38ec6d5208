//! Who holds which address, and who held it lately: a connection that is reported late belongs to whoever had the address
//! when it opened.

use crate::object::Name;
use longwire_model::identity::{Holder, Owner, UnixNanos};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// How long an owner is still told of after it left, nanoseconds: 5 minutes.
pub(super) const KEPT: u64 = 300 * 1_000_000_000;
/// Departures remembered at a time: 200 a second for as long as they are kept. Past it the oldest goes early.
const MOST_DEPARTED: usize = 65_536;

/// What tells holders apart: a pod that is made anew under its name is another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum HolderName {
    Node(String),
    Pod(Name, String),
    Service(Name),
}

#[derive(Debug, Default)]
pub(super) struct Owners {
    addresses: HashMap<IpAddr, BTreeMap<HolderName, Owner>>,
    held: HashMap<HolderName, Vec<IpAddr>>,
    /// In the order of leaving.
    departed: VecDeque<Departure>,
}

#[derive(Debug)]
struct Departure {
    at: UnixNanos,
    address: IpAddr,
    holder: HolderName,
}

impl Owners {
    /// All who hold the address or did lately, in an order of their own.
    pub(super) fn of(&self, address: IpAddr) -> Vec<Owner> {
        self.addresses.get(&address).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    /// From now on the holder has these addresses and no others. Notes the addresses that this changes.
    pub(super) fn hold(
        &mut self,
        name: HolderName,
        holder: &Holder,
        from: UnixNanos,
        addresses: &[IpAddr],
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let former = self.held.remove(&name).unwrap_or_default();
        for address in former.into_iter().filter(|address| !addresses.contains(address)) {
            self.leave(address, &name, now, changed);
        }
        for &address in addresses {
            let owner = Owner { holder: holder.clone(), from, until: None };
            let owners = self.addresses.entry(address).or_default();
            if owners.get(&name) != Some(&owner) {
                owners.insert(name.clone(), owner);
                changed.insert(address);
            }
        }
        if !addresses.is_empty() {
            self.held.insert(name, addresses.to_vec());
        }
        self.forget_too_many(changed);
    }

    /// The holder is gone.
    pub(super) fn release(&mut self, name: &HolderName, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        for address in self.held.remove(name).unwrap_or_default() {
            self.leave(address, name, now, changed);
        }
        self.forget_too_many(changed);
    }

    pub(super) fn expire(&mut self, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        while self.departed.front().is_some_and(|departure| departure.at.saturating_add(KEPT) <= now) {
            self.forget_oldest(changed);
        }
    }

    fn leave(&mut self, address: IpAddr, name: &HolderName, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        let owner = self.addresses.get_mut(&address).and_then(|owners| owners.get_mut(name));
        if let Some(owner) = owner {
            owner.until = Some(now);
            changed.insert(address);
            self.departed.push_back(Departure { at: now, address, holder: name.clone() });
        }
    }

    fn forget_too_many(&mut self, changed: &mut BTreeSet<IpAddr>) {
        let excess = self.departed.len().saturating_sub(MOST_DEPARTED);
        if excess > 0 {
            tracing::warn!(
                "{excess} former owners of addresses are forgotten early: more than {MOST_DEPARTED} left lately"
            );
            (0..excess).for_each(|_| self.forget_oldest(changed));
        }
    }

    fn forget_oldest(&mut self, changed: &mut BTreeSet<IpAddr>) {
        let Some(Departure { at, address, holder }) = self.departed.pop_front() else { return };
        let Some(owners) = self.addresses.get_mut(&address) else { return };
        // Unless it came back since.
        if owners.get(&holder).is_some_and(|owner| owner.until == Some(at)) {
            owners.remove(&holder);
            changed.insert(address);
        }
        if owners.is_empty() {
            self.addresses.remove(&address);
        }
    }
}
