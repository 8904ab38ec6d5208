//! Who holds which address, and who held it lately: a connection that is reported late belongs to whoever had the address
//! when it opened.

use super::sightings::{Right, Stay};
use super::tenure::{Left, Tenure, owners};
use crate::source::object::Name;
use longwire_model::identity::{Holder, Owner, UnixNanos};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// How long an owner is still told of after it left, nanoseconds: 5 minutes.
pub(super) const KEPT: u64 = 300 * 1_000_000_000;
/// Owners of one address of which is looked at whether probes are told anything new, when one comes or goes.
const FEW: usize = 64;
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

#[derive(Debug)]
struct Departure {
    noticed: UnixNanos,
    left: Left,
    address: IpAddr,
    holder: HolderName,
}

impl Owners {
    /// All who hold the address or did lately, in an order of their own.
    pub(super) fn of(&self, address: IpAddr) -> Vec<Owner> {
        self.told(address).0
    }

    /// The same, and how many are left out.
    pub(super) fn told(&self, address: IpAddr) -> (Vec<Owner>, usize) {
        self.addresses.get(&address).map(|tenures| owners(tenures.values())).unwrap_or_default()
    }

    /// `None`: so many share it that it is not worked out anew for each of them.
    fn of_few(&self, address: IpAddr) -> Option<Vec<Owner>> {
        let is_few = self.addresses.get(&address).is_none_or(|tenures| tenures.len() <= FEW);
        is_few.then(|| self.of(address))
    }

    /// Kubernetes says that a pod has it, or had it lately.
    pub(super) fn is_pods(&self, address: IpAddr) -> bool {
        let is_pods = |tenure: &Tenure| tenure.right == Right::Own && matches!(tenure.holder, Holder::Pod(_));
        self.addresses.get(&address).is_some_and(|tenures| tenures.values().any(is_pods))
    }

    /// Of these pods of the node no process was left when another one first spoke from the address. It may be said again, when
    /// still others have had the address since: they are not meant.
    pub(super) fn vacate(
        &mut self,
        address: IpAddr,
        node: &str,
        gone: &[String],
        since: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let before = self.of_few(address);
        for (name, tenure) in self.addresses.get_mut(&address).into_iter().flatten() {
            if let HolderName::Pod(_, uid) = name
                && gone.contains(uid)
                && tenure.node() == Some(node)
                && since > tenure.began()
            {
                tenure.vacated = Some(tenure.vacated.map_or(since, |vacated| vacated.min(since)));
            }
        }
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
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
            if !self.refute(address, &name, changed) {
                self.leave(address, &name, Left::at(now), now, changed);
            }
        }
        for stay in stays {
            self.note(stay.address, &name, Tenure::new(holder, stay, None), changed);
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
        left: Left,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        for stay in stays {
            let address = stay.address;
            let known = self.addresses.get(&address).and_then(|tenures| tenures.get(name));
            if known.is_some_and(|known| (known.sighted, known.right) == (stay.sighted, stay.right)) {
                continue;
            }
            let (is_noticed, left) = (known.is_some(), known.and_then(|known| known.left).unwrap_or(left));
            self.note(address, name, Tenure::new(holder, stay, Some(left)), changed);
            if !is_noticed {
                self.departed.push_back(Departure { noticed: now, left, address, holder: name.clone() });
            }
        }
        self.forget_too_many(changed);
    }

    /// The holder is gone.
    pub(super) fn release(&mut self, name: &HolderName, left: Left, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
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

    /// What was only observed never was, once Kubernetes says where the pod is.
    fn refute(&mut self, address: IpAddr, name: &HolderName, changed: &mut BTreeSet<IpAddr>) -> bool {
        let before = self.of_few(address);
        let Some(tenures) = self.addresses.get_mut(&address) else { return false };
        if tenures.get(name).is_none_or(|tenure| tenure.right != Right::Observed) {
            return false;
        }
        tenures.remove(name);
        if tenures.is_empty() {
            self.addresses.remove(&address);
        }
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
        true
    }

    /// What is known of the holder at the address is this now. Only what others would be told differently is a change.
    fn note(&mut self, address: IpAddr, name: &HolderName, tenure: Tenure, changed: &mut BTreeSet<IpAddr>) {
        let before = self.of_few(address);
        let tenures = self.addresses.entry(address).or_default();
        let vacated = tenures.get(name).and_then(|known| known.vacated);
        tenures.insert(name.clone(), Tenure { vacated, ..tenure });
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
        }
    }

    fn leave(
        &mut self,
        address: IpAddr,
        name: &HolderName,
        left: Left,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
    ) {
        let before = self.of_few(address);
        let tenure = self.addresses.get_mut(&address).and_then(|tenures| tenures.get_mut(name));
        if let Some(tenure) = tenure {
            tenure.left = Some(left);
            self.departed.push_back(Departure { noticed: now, left, address, holder: name.clone() });
        }
        if before.is_none() || self.of_few(address) != before {
            changed.insert(address);
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
