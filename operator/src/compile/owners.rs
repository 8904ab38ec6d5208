//! Who holds which address, and who held it lately: a connection that is reported late belongs to whoever had the address
//! when it opened.

use super::sightings::Stay;
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
    addresses: HashMap<IpAddr, BTreeMap<HolderName, Tenure>>,
    held: HashMap<HolderName, Vec<IpAddr>>,
    /// In the order of being noticed.
    departed: VecDeque<Departure>,
}

/// What is known of one holder at one address.
#[derive(Clone, Debug)]
struct Tenure {
    holder: Holder,
    /// As the object says it, to the second; 0: since ever.
    started: UnixNanos,
    /// When it first spoke from there.
    sighted: Option<UnixNanos>,
    left: Option<UnixNanos>,
}

#[derive(Debug)]
struct Departure {
    noticed: UnixNanos,
    left: UnixNanos,
    address: IpAddr,
    holder: HolderName,
}

impl Owners {
    /// All who hold the address or did lately, in an order of their own.
    pub(super) fn of(&self, address: IpAddr) -> Vec<Owner> {
        let Some(tenures) = self.addresses.get(&address) else { return Vec::new() };
        tenures.values().map(|tenure| tenure.among(tenures.values(), tenures.len() > 1)).collect()
    }

    /// From now on the holder has these addresses and no others. Notes the addresses that this changes.
    pub(super) fn hold(
        &mut self,
        name: HolderName,
        holder: &Holder,
        stays: &[Stay],
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let former = self.held.remove(&name).unwrap_or_default();
        for address in former.into_iter().filter(|address| stays.iter().all(|stay| stay.address != *address)) {
            self.leave(address, &name, now, now, changed);
        }
        for Stay { address, started, sighted } in stays {
            let tenure = Tenure { holder: holder.clone(), started: *started, sighted: *sighted, left: None };
            self.note(*address, &name, tenure, changed);
        }
        if !stays.is_empty() {
            self.held.insert(name, stays.iter().map(|stay| stay.address).collect());
        }
        self.forget_too_many(changed);
    }

    /// The holder had these addresses and has left them since, which nobody has told of until now.
    pub(super) fn recall(
        &mut self,
        name: &HolderName,
        holder: &Holder,
        stays: &[Stay],
        left: UnixNanos,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        for Stay { address, started, sighted } in stays {
            let known = self.addresses.get(address).and_then(|tenures| tenures.get(name));
            if known.is_some_and(|known| known.sighted == *sighted) {
                continue;
            }
            let (is_noticed, left) = (known.is_some(), known.and_then(|known| known.left).unwrap_or(left));
            let tenure = Tenure { holder: holder.clone(), started: *started, sighted: *sighted, left: Some(left) };
            self.note(*address, name, tenure, changed);
            if !is_noticed {
                self.departed.push_back(Departure { noticed: now, left, address: *address, holder: name.clone() });
            }
        }
        self.forget_too_many(changed);
    }

    /// The holder is gone, since `left`.
    pub(super) fn release(
        &mut self,
        name: &HolderName,
        left: UnixNanos,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
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

    /// What is known of the holder at the address is this now. Only what others would be told differently is a change.
    fn note(&mut self, address: IpAddr, name: &HolderName, tenure: Tenure, changed: &mut BTreeSet<IpAddr>) {
        let before = self.of(address);
        self.addresses.entry(address).or_default().insert(name.clone(), tenure);
        if self.of(address) != before {
            changed.insert(address);
        }
    }

    fn leave(
        &mut self,
        address: IpAddr,
        name: &HolderName,
        left: UnixNanos,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let tenure = self.addresses.get_mut(&address).and_then(|tenures| tenures.get_mut(name));
        if let Some(tenure) = tenure {
            tenure.left = Some(left);
            changed.insert(address);
            self.departed.push_back(Departure { noticed: now, left, address, holder: name.clone() });
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
        let Some(Departure { left, address, holder, .. }) = self.departed.pop_front() else { return };
        let Some(tenures) = self.addresses.get_mut(&address) else { return };
        // Unless it came back since.
        if tenures.get(&holder).is_some_and(|tenure| tenure.left == Some(left)) {
            tenures.remove(&holder);
            changed.insert(address);
        }
        if tenures.is_empty() {
            self.addresses.remove(&address);
        }
    }
}

impl Tenure {
    /// As probes are told of it. To one that is alone at its address, seconds will do: then nothing changes when it speaks.
    fn among<'a>(&self, all: impl Iterator<Item = &'a Self>, contended: bool) -> Owner {
        let sighted = self.sighted.filter(|_| contended);
        // Whoever speaks has the address for itself, unless both live and are not on one node: then nobody can tell.
        let yields = |to: &&Self| self.left.is_some() || self.node().is_some_and(|node| to.node() == Some(node));
        let successors = all.filter(yields).filter_map(|other| other.sighted).filter(|since| *since > self.began());
        Owner {
            holder: self.holder.clone(),
            from: sighted.unwrap_or(self.started),
            until: successors.chain(self.left).min(),
            sighted: sighted.is_some(),
        }
    }

    fn began(&self) -> UnixNanos {
        self.sighted.unwrap_or(self.started)
    }

    fn node(&self) -> Option<&str> {
        match &self.holder {
            Holder::Pod(pod) => Some(pod.place.node.as_str()).filter(|node| !node.is_empty()),
            _ => None,
        }
    }
}
