//! From Services to the pods behind them and back, by EndpointSlices or, where there is none, by the selector.

use super::{Index, in_namespace};
use crate::object::{Endpoint, EndpointSlice, Name, Pod, PodRef, Service};
use std::collections::BTreeSet;

impl Index {
    /// The slices of its own namespace that lead to this very pod. Whoever may write in another may name any pod and address
    /// there, and has no say in what this one is called.
    pub fn slices_of<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a EndpointSlice> {
        let named = self.slices_of_pod.get(&pod.name);
        let addressed = pod.own_addresses().iter().flat_map(|address| self.slices_of_address.get(address));
        let names: BTreeSet<&Name> = named.chain(addressed).collect();
        let slices = names.into_iter().filter_map(|name| self.slices.get(name)).map(AsRef::as_ref);
        let slices = slices.filter(|slice| slice.name.namespace == pod.name.namespace);
        slices.filter(|slice| slice.endpoints.iter().any(|endpoint| leads_to(endpoint, pod)))
    }

    /// Services of a namespace that nobody has written endpoints for, so that the selector alone decides.
    pub fn unsliced_services<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Service> {
        let services = in_namespace(&self.services, namespace).map(AsRef::as_ref);
        services.filter(|service| !self.is_sliced(&service.name))
    }

    pub(super) fn link_slice(&mut self, slice: &EndpointSlice) {
        self.slices_of_service.link([&slice.service], &slice.name);
        for endpoint in &slice.endpoints {
            match endpoint {
                Endpoint::Pod(PodRef { name, .. }) => self.slices_of_pod.link([name], &slice.name),
                Endpoint::Addresses(addresses) => self.slices_of_address.link(addresses, &slice.name),
            }
        }
    }

    pub(super) fn unlink_slice(&mut self, slice: &EndpointSlice) {
        self.slices_of_service.unlink([&slice.service], &slice.name);
        for endpoint in &slice.endpoints {
            match endpoint {
                Endpoint::Pod(PodRef { name, .. }) => self.slices_of_pod.unlink([name], &slice.name),
                Endpoint::Addresses(addresses) => self.slices_of_address.unlink(addresses, &slice.name),
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

    pub(super) fn pods_behind(&self, slice: &EndpointSlice) -> BTreeSet<Name> {
        let mut pods = BTreeSet::new();
        for endpoint in &slice.endpoints {
            match endpoint {
                Endpoint::Pod(PodRef { name, .. }) => drop(pods.insert(name.clone())),
                Endpoint::Addresses(addresses) => {
                    pods.extend(addresses.iter().flat_map(|address| self.pods_of_address.get(address)).cloned());
                }
            }
        }
        pods
    }
}

/// A pod that was made anew under its name is not the one that was meant.
fn leads_to(endpoint: &Endpoint, pod: &Pod) -> bool {
    match endpoint {
        Endpoint::Pod(PodRef { name, uid }) => {
            *name == pod.name && uid.as_ref().is_none_or(|uid| *uid == pod.uid || !pod.has_uid())
        }
        Endpoint::Addresses(addresses) => pod.own_addresses().iter().any(|address| addresses.contains(address)),
    }
}
