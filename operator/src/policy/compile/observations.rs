//! Address observations by nodes' kernels: a pod's address is known from its first connection on, before the kubelet has
//! reported it to the API server.

#[cfg(test)]
mod tests;

use crate::source::object::{self, Name};
use longwire_model::identity::{ObservedAddress, UnixNanos};
use std::collections::HashMap;
use std::net::IpAddr;

/// Addresses of one pod: one of either family, and some more.
const MAX: usize = 8;

/// What assigns an address to its owner, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// A Service's `externalIPs`, which the author of a Service may fill with any address.
    External,
    /// What a load balancer's controller has written into a Service's status.
    LoadBalancer,
    /// A pod was observed to send from it, and its status has no address yet.
    Observed,
    /// Kubernetes gave it: a pod's status, a node's, a ClusterIP.
    Own,
}

/// An address that an object has, and by which right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ownership {
    pub(super) address: IpAddr,
    pub(super) right: Right,
    /// 0: since ever.
    pub(super) started: UnixNanos,
    pub(super) observed: Option<UnixNanos>,
}

impl Ownership {
    /// Addresses of an object that no kernel observes.
    pub(super) fn since(started: UnixNanos, addresses: &[IpAddr], right: Right) -> Vec<Self> {
        addresses.iter().map(|address| Self { address: *address, right, started, observed: None }).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct ObservedAddresses {
    pods: HashMap<Name, PodAddresses>,
}

#[derive(Debug)]
struct PodAddresses {
    uid: String,
    addresses: Vec<(IpAddr, UnixNanos)>,
}

impl ObservedAddresses {
    /// Whether the observation adds to what was known.
    pub(super) fn take(&mut self, pod: &object::Pod, observation: &ObservedAddress) -> bool {
        let seen = self.pods.entry(pod.name.clone()).or_insert_with(|| PodAddresses::of(&pod.uid));
        if seen.uid != pod.uid {
            *seen = PodAddresses::of(&pod.uid);
        }
        let has_room = seen.addresses.len() < MAX;
        match seen.addresses.iter_mut().find(|(address, _)| *address == observation.address) {
            // Each container's first connection is one observation; observations that were lost on the way are repeated
            // later.
            Some((_, since)) => {
                let is_earlier = observation.since < *since;
                *since = observation.since.min(*since);
                is_earlier
            }
            None => {
                if has_room {
                    seen.addresses.push((observation.address, observation.since));
                }
                has_room
            }
        }
    }

    pub(super) fn forget(&mut self, name: &Name) {
        self.pods.remove(name);
    }

    /// The pod's addresses, present or past. Until its status has addresses these are the observed ones; from then on other
    /// observed addresses belong to a second network of the pod, and may belong to another host elsewhere.
    pub(super) fn ownerships(&self, pod: &object::Pod) -> Vec<Ownership> {
        if pod.host_network {
            return Vec::new();
        }
        let seen = self.pods.get(&pod.name).filter(|seen| seen.uid == pod.uid);
        let seen = seen.map(|seen| seen.addresses.as_slice()).unwrap_or_default();
        let started = pod.started;
        if pod.addresses.is_empty() {
            return seen
                .iter()
                .map(|(address, since)| Ownership {
                    address: *address,
                    right: Right::Observed,
                    started,
                    observed: Some(*since),
                })
                .collect();
        }
        let since = |address: &IpAddr| seen.iter().find(|(at, _)| at == address).map(|(_, since)| *since);
        let own =
            |address: &IpAddr| Ownership { address: *address, right: Right::Own, started, observed: since(address) };
        pod.addresses.iter().map(own).collect()
    }
}

impl PodAddresses {
    fn of(uid: &str) -> Self {
        Self { uid: uid.to_owned(), addresses: Vec::new() }
    }
}
