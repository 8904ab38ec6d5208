//! Items that are not sent to probes because there are too many.

use crate::source::object::Name;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

/// How many of each are left out, where any are.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Services that claim an address.
    claims: HashMap<IpAddr, usize>,
    /// Services that lead to a pod.
    services: HashMap<Name, usize>,
    of_services: HashMap<Name, OfService>,
}

/// Of one Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OfService {
    /// Its load balancer's and external addresses.
    pub(super) claims: usize,
    /// For TCP.
    pub(super) ports: usize,
    /// Those that are addresses.
    pub(super) endpoints: usize,
}

impl LeftOut {
    pub(super) fn of_address(&mut self, address: IpAddr, claims: usize) {
        note(&mut self.claims, &address, claims);
    }

    pub(super) fn of_pod(&mut self, pod: &Name, services: usize) {
        note(&mut self.services, pod, services);
    }

    pub(super) fn of_service(&mut self, service: &Name, left_out: OfService) {
        note(&mut self.of_services, service, left_out);
    }

    pub(super) fn counts(&self) -> [(&'static str, usize); 4] {
        let of_services = |count: fn(&OfService) -> usize| self.of_services.values().map(count).sum::<usize>();
        [
            ("claim", self.claims.values().sum::<usize>() + of_services(|of| of.claims)),
            ("service", self.services.values().sum()),
            ("port", of_services(|of| of.ports)),
            ("endpoint", of_services(|of| of.endpoints)),
        ]
    }
}

fn note<K: Hash + Eq + Clone, V: Default + PartialEq>(counts: &mut HashMap<K, V>, of: &K, count: V) {
    if count == V::default() {
        counts.remove(of);
    } else {
        counts.insert(of.clone(), count);
    }
}
