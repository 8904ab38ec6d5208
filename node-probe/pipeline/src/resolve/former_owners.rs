//! Address observations of this node's pods, each with the pods that may have had the address before.

use super::Resolver;
use super::address_observation::AddressObservation;
use super::cgroup::Named;
use crate::record::{AddressRecord, Monotonic};
use longwire_model::identity::ObservedAddress;
use std::collections::BTreeSet;

/// Most former owners that one observation has.
const MAX_FORMER_OWNERS: usize = 8;

impl Resolver {
    /// A cgroup opens its first connection. One in the node's own network namespace is ignored, because all pods there share the node's
    /// addresses.
    pub(crate) fn observe_address(&mut self, record: &AddressRecord) {
        let AddressRecord { cgroup, netns, local: address, time: at } = *record;
        if netns != self.host_netns
            && let Some(uid) = self.locals.cgroups.named(cgroup).and_then(Named::uid)
        {
            self.address_observations.observe(cgroup, AddressObservation { uid: uid.into(), address, at });
        }
    }

    /// What the operator shall know now of this node's pods. Former owners are those that this node knows of. Some may be gone: the
    /// caller looks which, and keeps only those.
    pub(crate) fn take_address_observations(&mut self) -> Vec<ObservedAddress> {
        let taken = self.address_observations.take(|uid| self.locals.knows(uid)).into_iter();
        let report = |(observation, is_fresh): (AddressObservation, bool)| {
            let gone = if is_fresh { self.former_owners(&observation) } else { Vec::new() };
            ObservedAddress { gone, ..observation.by_clock(self.wall_clock_offset) }
        };
        taken.map(report).collect()
    }

    /// A new stream begins: its operator gets all that is known of this node's pods.
    pub(crate) fn repeat_address_observations(&mut self, now: Monotonic) {
        self.address_observations.repeat_all(now);
    }

    /// Pods that have the address as well, or had it lately, unless they are known to have used it only later. Removed pods count too,
    /// because the operator does not send when they ended. A pod whose status has other addresses does not count, because a pod may
    /// send from any address.
    fn former_owners(&self, observation: &AddressObservation) -> Vec<String> {
        let AddressObservation { uid: own, address, at: observed } = observation;
        let observations: Vec<(&str, Monotonic)> = self.address_observations.at(*address).collect();
        let is_before = |uid: &str| {
            let mut times = observations.iter().filter(|(other, _)| *other == uid).map(|(_, at)| *at).peekable();
            times.peek().is_none() || times.any(|at| at <= *observed)
        };
        let others = self.locals.lately_at(*address).chain(observations.iter().map(|(uid, _)| *uid));
        let may_have = |uid: &str| uid != &**own && self.locals.may_have(uid, *address);
        let others = others.filter(|uid| may_have(uid) && is_before(uid));
        others.collect::<BTreeSet<_>>().into_iter().take(MAX_FORMER_OWNERS).map(str::to_owned).collect()
    }
}
