//! From Services to the pods behind them and back, by EndpointSlices or, where there is none, by the selector.

use super::{Index, in_namespace};
use crate::source::object::{Endpoint, EndpointSlice, Name, Pod, PodRef, Service};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

impl Index {
    /// The slices of its own namespace that lead to this pod. A slice of another namespace may name any pod and address, and
    /// does not affect this pod's name.
    pub(crate) fn slices_of<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a EndpointSlice> {
        let named = self.slices_of_pod.get(&pod.name).filter_map(|name| self.slices.get(name));
        let named = named.filter(|slice| slice.names(pod)).map(|slice| &slice.name);
        let keys = pod.living_addresses().iter().map(|address| (pod.name.namespace.clone(), *address));
        let addressed = keys.flat_map(|key| self.slices_of_address.get(&key));
        let names: BTreeSet<&Name> = named.chain(addressed).collect();
        names.into_iter().filter_map(|name| self.slices.get(name)).map(AsRef::as_ref)
    }

    /// The first endpoints that the Service's slices name by address and not as a pod, and how many more there are.
    #[must_use]
    pub(crate) fn addressed_endpoints(&self, service: &Name, most: usize) -> (BTreeSet<SocketAddr>, usize) {
        let (mut endpoints, mut left_out) = (BTreeSet::new(), 0);
        for slice in self.slices_of_service.get(service).filter_map(|name| self.slices.get(name)) {
            for (address, port) in
                slice.addresses().flat_map(|address| slice.ports.iter().map(move |port| (address, port)))
            {
                let endpoint = SocketAddr::new(address, port.number);
                let is_full = endpoints.len() >= most;
                if is_full && endpoints.last().is_none_or(|last| *last < endpoint) {
                    left_out += 1;
                } else if endpoints.insert(endpoint) && is_full {
                    endpoints.pop_last();
                    left_out += 1;
                }
            }
        }
        (endpoints, left_out)
    }

    /// Services of a namespace without slices, so that the selector alone decides.
    pub(crate) fn unsliced_services<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Service> {
        let names = self.unsliced.range(Name::new(namespace, "")..).take_while(move |name| name.namespace == namespace);
        names.filter_map(|name| self.services.get(name)).map(AsRef::as_ref)
    }

    pub(super) fn link_slice(&mut self, slice: &EndpointSlice) {
        self.slices_of_service.link([&slice.service], &slice.name);
        for endpoint in &slice.endpoints {
            match endpoint {
                Endpoint::Pod(PodRef { name, .. }) if name.namespace != slice.name.namespace => {}
                Endpoint::Pod(PodRef { name, .. }) => self.slices_of_pod.link([name], &slice.name),
                Endpoint::Addresses(addresses) => self.slices_of_address.link(&keyed(slice, addresses), &slice.name),
            }
        }
    }

    pub(super) fn unlink_slice(&mut self, slice: &EndpointSlice) {
        self.slices_of_service.unlink([&slice.service], &slice.name);
        for endpoint in &slice.endpoints {
            match endpoint {
                Endpoint::Pod(PodRef { name, .. }) => self.slices_of_pod.unlink([name], &slice.name),
                Endpoint::Addresses(addresses) => self.slices_of_address.unlink(&keyed(slice, addresses), &slice.name),
            }
        }
    }

    pub(super) fn is_sliced(&self, service: &Name) -> bool {
        self.slices_of_service.get(service).next().is_some()
    }

    pub(super) fn pods_behind_slices_of(&self, service: &Name) -> BTreeSet<Name> {
        let slices = self.slices_of_service.get(service).filter_map(|name| self.slices.get(name));
        slices.flat_map(|slice| self.pods_behind(slice)).collect()
    }

    pub(super) fn pods_selected_by<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a Name> {
        let pods = in_namespace(&self.pods, &service.name.namespace);
        pods.filter(|pod| service.selects(pod)).map(|pod| &pod.name)
    }

    /// Of its own namespace: others it does not concern.
    pub(super) fn pods_behind(&self, slice: &EndpointSlice) -> BTreeSet<Name> {
        let mut pods = BTreeSet::new();
        for endpoint in &slice.endpoints {
            match endpoint {
                Endpoint::Pod(PodRef { name, .. }) => drop(pods.insert(name.clone())),
                Endpoint::Addresses(addresses) => {
                    let at = addresses.iter().flat_map(|address| self.pods_of_address.get(address));
                    pods.extend(at.filter(|pod| pod.namespace == slice.name.namespace).cloned());
                }
            }
        }
        pods.retain(|pod| pod.namespace == slice.name.namespace);
        pods
    }

    /// Whether its selector counts.
    pub(super) fn note_unsliced(&mut self, service: &Name) {
        if self.services.contains_key(service) && !self.is_sliced(service) {
            self.unsliced.insert(service.clone());
        } else {
            self.unsliced.remove(service);
        }
    }
}

fn keyed(slice: &EndpointSlice, addresses: &[IpAddr]) -> Vec<(String, IpAddr)> {
    addresses.iter().map(|address| (slice.name.namespace.clone(), *address)).collect()
}
