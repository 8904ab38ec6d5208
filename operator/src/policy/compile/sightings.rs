//! What nodes' kernels saw of pods: the address that one speaks from is known from its first connection on, and not only when
//! the kubelet has told the API server.

#[cfg(test)]
mod tests;

use crate::source::object::{self, Name};
use longwire_model::identity::{Sighting, UnixNanos};
use std::collections::HashMap;
use std::net::IpAddr;

/// Of one pod: its address of either family, and some more.
const MAX: usize = 8;

/// What gives an address to its holder, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// A Service's `externalIPs`, which whoever may write a Service may fill with any address.
    External,
    /// What a load balancer's controller has written into a Service's status.
    LoadBalancer,
    /// A pod was seen to speak from there, and Kubernetes does not say yet where it is.
    Observed,
    /// Kubernetes gave it: a pod's status, a node's, a ClusterIP.
    Own,
}

/// A holder at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ownership {
    pub(super) address: IpAddr,
    pub(super) right: Right,
    /// 0: since ever.
    pub(super) started: UnixNanos,
    pub(super) sighted: Option<UnixNanos>,
}

impl Ownership {
    /// Of somebody that no kernel sees.
    pub(super) fn since(started: UnixNanos, addresses: &[IpAddr], right: Right) -> Vec<Self> {
        addresses.iter().map(|address| Self { address: *address, right, started, sighted: None }).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct Sightings {
    pods: HashMap<Name, Seen>,
}

#[derive(Debug)]
struct Seen {
    uid: String,
    addresses: Vec<(IpAddr, UnixNanos)>,
}

impl Sightings {
    /// Whether this says more than was known.
    pub(super) fn take(&mut self, pod: &object::Pod, sighting: &Sighting) -> bool {
        let seen = self.pods.entry(pod.name.clone()).or_insert_with(|| Seen::of(&pod.uid));
        if seen.uid != pod.uid {
            *seen = Seen::of(&pod.uid);
        }
        let has_room = seen.addresses.len() < MAX;
        match seen.addresses.iter_mut().find(|(address, _)| *address == sighting.address) {
            // Each container's first connection is one; and what was forgotten on the way is told again, later.
            Some((_, since)) => {
                let is_earlier = sighting.since < *since;
                *since = sighting.since.min(*since);
                is_earlier
            }
            None => {
                if has_room {
                    seen.addresses.push((sighting.address, sighting.since));
                }
                has_room
            }
        }
    }

    pub(super) fn forget(&mut self, name: &Name) {
        self.pods.remove(name);
    }

    /// Where the pod is or was. Until its status names addresses they are those that it was seen at; from then on others are
    /// a network's of its own, which may be anybody's elsewhere.
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
                    sighted: Some(*since),
                })
                .collect();
        }
        let since = |address: &IpAddr| seen.iter().find(|(at, _)| at == address).map(|(_, since)| *since);
        let own =
            |address: &IpAddr| Ownership { address: *address, right: Right::Own, started, sighted: since(address) };
        pod.addresses.iter().map(own).collect()
    }
}

impl Seen {
    fn of(uid: &str) -> Self {
        Self { uid: uid.to_owned(), addresses: Vec::new() }
    }
}
