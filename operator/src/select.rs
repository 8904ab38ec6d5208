//! Which objects have a say in a pod's configuration, and which of them wins.

use crate::index::Index;
use crate::object::{Pod, Service, Target};
use longwire_model::series::{SeriesSet, SeriesSets};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The Service behind each port of a pod. Several may lead there: the oldest is it, then the first by name.
#[must_use]
pub fn services<'a>(index: &'a Index, pod: &'a Pod) -> BTreeMap<u16, &'a Service> {
    let mut chosen = BTreeMap::new();
    for slice in index.slices_of(pod) {
        let Some(service) = index.service(&slice.service) else { continue };
        slice.ports.iter().for_each(|port| offer(&mut chosen, *port, service));
    }
    for service in index.unsliced_services(&pod.name.namespace) {
        if selects(service, pod) {
            let ports = service.targets.iter().filter_map(|target| resolve(target, pod));
            ports.for_each(|port| offer(&mut chosen, port, service));
        }
    }
    chosen
}

fn offer<'a>(chosen: &mut BTreeMap<u16, &'a Service>, port: u16, service: &'a Service) {
    let rank = |service: &'a Service| (service.created, &service.name.name, &service.name.namespace);
    let holder = chosen.entry(port).or_insert(service);
    if rank(service) < rank(holder) {
        *holder = service;
    }
}

/// An empty selector selects nobody: its endpoints are written by hand.
fn selects(service: &Service, pod: &Pod) -> bool {
    !service.selector.is_empty() && service.selector.iter().all(|(label, value)| pod.labels.get(label) == Some(value))
}

fn resolve(target: &Target, pod: &Pod) -> Option<u16> {
    match target {
        Target::Port(port) => Some(*port),
        Target::Named(name) => pod.ports.get(name).copied(),
    }
}

/// The series that a pod's connections feed: what the narrowest object asks for, and no second report of what another
/// mesh reports already, unless the pod itself insists.
#[must_use]
pub fn series(index: &Index, root_namespace: &str, pod: &Pod) -> SeriesSets {
    if let Some(own) = pod.series.sets {
        return own;
    }
    let namespaces = [pod.name.namespace.as_str(), root_namespace];
    let sets = namespaces.into_iter().find_map(|name| index.namespace(name)?.series.sets).unwrap_or_default();
    if pod.meshed { sets.without(SeriesSet::Istio) } else { sets }
}
