//! Which Services of a pod's own namespace lead to it, and which of them wins.

use crate::index::Index;
use crate::source::object::{Name, Pod, Service, SlicePort, Target};
use longwire_model::identity::UnixNanos;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Ports of a pod that Services lead to.
const MAX_TARGETS: usize = 1024;
/// Services that lead to a port beside the one that has it.
const MAX_MORE: usize = 256;

/// A Service, and its own port that leads to a pod's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'a> {
    pub service: &'a Service,
    pub port: u16,
}

/// What leads to a pod, by the pod's port.
#[derive(Debug, Default)]
pub(crate) struct Leading<'a> {
    /// The one behind each port: of several the oldest, then the first by name.
    pub(crate) chosen: BTreeMap<u16, Chosen<'a>>,
    /// The others, ascending.
    pub more: Vec<(u16, Chosen<'a>)>,
    /// How many more there are.
    pub(crate) left_out: usize,
}

#[must_use]
pub(crate) fn services<'a>(index: &'a Index, pod: &'a Pod) -> Leading<'a> {
    let mut offers = Offers::default();
    for slice in index.slices_of(pod) {
        let Some(service) = index.service(&slice.service) else { continue };
        for SlicePort { name, number } in &slice.ports {
            let named = service.ports.iter().find(|port| port.name == *name);
            // Written by hand, and without the names that a Service's ports have.
            let led = || service.ports.iter().find(|port| resolve(&port.target, pod) == Some(*number));
            let port = named.or_else(led).map_or(*number, |port| port.number);
            offers.offer(*number, Chosen { service, port });
        }
    }
    for service in index.unsliced_services(&pod.name.namespace) {
        if service.selects(pod) {
            for listed in &service.ports {
                if let Some(target) = resolve(&listed.target, pod) {
                    offers.offer(target, Chosen { service, port: listed.number });
                }
            }
        }
    }
    offers.settle()
}

/// Services with the ports of the pod that they lead to.
#[derive(Debug, Default)]
struct Offers<'a>(Vec<(u16, Chosen<'a>)>);

impl<'a> Offers<'a> {
    fn offer(&mut self, target: u16, offered: Chosen<'a>) {
        self.0.push((target, offered));
    }

    /// By the pod's port, then by age and name of the Service. Of two ports of one Service the first has it.
    fn settle(mut self) -> Leading<'a> {
        self.0.sort_by_key(rank);
        self.0.dedup_by(|later, first| rank(later) == rank(first));
        let mut leading = Leading::default();
        for (target, offered) in self.0 {
            let is_new = leading.chosen.last_key_value().is_none_or(|(last, _)| *last < target);
            if is_new && leading.chosen.len() < MAX_TARGETS {
                leading.chosen.insert(target, offered);
            } else if !is_new && leading.more.len() < MAX_MORE {
                leading.more.push((target, offered));
            } else {
                leading.left_out += 1;
            }
        }
        leading
    }
}

fn rank<'a>((target, Chosen { service, .. }): &(u16, Chosen<'a>)) -> (u16, UnixNanos, &'a Name) {
    (*target, service.created, &service.name)
}

fn resolve(target: &Target, pod: &Pod) -> Option<u16> {
    match target {
        Target::Port(port) => Some(*port),
        Target::Named(name) => pod.ports.get(name).copied(),
    }
}
