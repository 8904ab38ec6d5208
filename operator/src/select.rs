//! Which Services of a pod's own namespace lead to it, and which of them wins.

use crate::index::Index;
use crate::object::{Pod, Service, SlicePort, Target};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// A Service, and its own port that leads to a pod's.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    pub service: &'a Service,
    pub port: u16,
}

/// The Service behind each port of a pod. Several may lead there: the oldest is it, then the first by name.
#[must_use]
pub fn services<'a>(index: &'a Index, pod: &'a Pod) -> BTreeMap<u16, Chosen<'a>> {
    let mut chosen = BTreeMap::new();
    for slice in index.slices_of(pod) {
        let Some(service) = index.service(&slice.service) else { continue };
        for SlicePort { name, number } in &slice.ports {
            let named = service.ports.iter().find(|port| port.name == *name);
            // Written by hand, and without the names that a Service's ports have.
            let led = || service.ports.iter().find(|port| resolve(&port.target, pod) == Some(*number));
            let port = named.or_else(led).map_or(*number, |port| port.number);
            offer(&mut chosen, *number, Chosen { service, port });
        }
    }
    for service in index.unsliced_services(&pod.name.namespace) {
        if service.selects(pod) {
            for listed in &service.ports {
                if let Some(target) = resolve(&listed.target, pod) {
                    offer(&mut chosen, target, Chosen { service, port: listed.number });
                }
            }
        }
    }
    chosen
}

/// Of two ports of one Service the first has it.
fn offer<'a>(chosen: &mut BTreeMap<u16, Chosen<'a>>, target: u16, offered: Chosen<'a>) {
    let rank = |chosen: &Chosen<'a>| (chosen.service.created, &chosen.service.name.name);
    let holder = chosen.entry(target).or_insert(offered);
    if rank(&offered) < rank(holder) {
        *holder = offered;
    }
}

fn resolve(target: &Target, pod: &Pod) -> Option<u16> {
    match target {
        Target::Port(port) => Some(*port),
        Target::Named(name) => pod.ports.get(name).copied(),
    }
}
