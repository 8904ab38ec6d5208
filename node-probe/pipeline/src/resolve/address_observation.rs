//! Addresses that the kernel has observed containers of pods to use, and since when. Other nodes get them by way of the operator,
//! sooner than the pod's status from the kubelet.

#[cfg(test)]
mod tests;

use super::recent::Recent;
use crate::record::Monotonic;
use longwire_model::identity::{ObservedAddress, UnixNanos};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Most containers that are remembered, more than a node runs.
const MAX_CONTAINERS: usize = 16_384;
/// After this time without an update for its pod, a cgroup counts as another node's.
const NOT_LOCAL_AFTER: Monotonic = 60_000_000_000;
/// After a pod's first connection from an address its former owners may still become known for this long, because statuses of pods
/// come late.
const FRESH: Monotonic = 60_000_000_000;

/// The first connection of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AddressObservation {
    pub(super) uid: Box<str>,
    pub(super) address: IpAddr,
    pub(super) at: Monotonic,
}

#[derive(Debug)]
pub(super) struct AddressObservations {
    /// By cgroup.
    known: Recent<u64, AddressObservation>,
    /// Of these, those to report, and since when.
    news: BTreeMap<u64, Monotonic>,
}

impl AddressObservation {
    /// By the clock of the node as it is now, because it may have been set since.
    pub(super) fn by_clock(self, wall_clock_offset: UnixNanos) -> ObservedAddress {
        let Self { uid, address, at } = self;
        ObservedAddress { uid: uid.into(), address, since: at.saturating_add(wall_clock_offset), gone: Vec::new() }
    }

    fn is_fresh(&self, now: Monotonic) -> bool {
        now.saturating_sub(self.at) < FRESH
    }
}

impl AddressObservations {
    pub(super) fn new() -> Self {
        Self { known: Recent::new(MAX_CONTAINERS), news: BTreeMap::new() }
    }

    /// The kernel may report one twice. Then the first time counts.
    pub(super) fn observe(&mut self, cgroup: u64, seen: AddressObservation) {
        let is_known = |known: &mut AddressObservation| (&known.uid, known.address) == (&seen.uid, seen.address);
        let at = seen.at;
        if self.known.peek_mut(&cgroup).is_some_and(is_known) {
            return;
        }
        if let Some(evicted) = self.known.insert(cgroup, seen) {
            self.news.remove(&evicted);
        }
        self.news.insert(cgroup, at);
    }

    /// Reports all again: a new operator knows none of them.
    pub(super) fn repeat_all(&mut self, now: Monotonic) {
        let Self { known, news } = self;
        news.extend(known.iter().map(|(cgroup, _)| (*cgroup, now)));
    }

    /// The pod of this UID has the address too, by its status. Fresh observations of other pods there are reported again, because that
    /// pod may be their former owner.
    pub(super) fn repeat_at(&mut self, address: IpAddr, uid: &str, now: Monotonic) {
        let Self { known, news } = self;
        let others =
            known.iter().filter(|(_, seen)| seen.address == address && *seen.uid != *uid && seen.is_fresh(now));
        news.extend(others.map(|(cgroup, _)| (*cgroup, now)));
    }

    /// Observations to report of these pods, the earliest first, and whether each was fresh when it became due. Those of other pods
    /// stay due.
    pub(super) fn take(&mut self, is_local: impl Fn(&str) -> bool) -> Vec<(AddressObservation, bool)> {
        let mut taken = Vec::new();
        let Self { known, news } = self;
        news.retain(|cgroup, since| match known.peek_mut(cgroup) {
            Some(seen) if !is_local(&seen.uid) => true,
            Some(seen) => {
                taken.push((seen.clone(), seen.is_fresh(*since)));
                false
            }
            None => false,
        });
        taken.sort_by_key(|(seen, _)| seen.at);
        taken
    }

    /// Pods whose containers were observed at the address, and when.
    pub(super) fn at(&self, address: IpAddr) -> impl Iterator<Item = (&str, Monotonic)> {
        self.known.iter().filter(move |(_, seen)| seen.address == address).map(|(_, seen)| (&*seen.uid, seen.at))
    }

    pub(super) fn sweep(&mut self, now: Monotonic) {
        self.news.retain(|_, since| now.saturating_sub(*since) < NOT_LOCAL_AFTER);
    }
}
