//! Load balancer and external addresses: several Services may have one of them, each at its own TCP ports.

use super::interval::OwnershipInterval;
use super::observations::{Ownership, Right};
use crate::source::object;
use longwire_model::identity::{Frontend, Owner, OwnerKind, UnixNanos};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Services of one address that probes are sent.
const MAX_CLAIMS: usize = 1024;
/// Of these, Services of one namespace that name it in `externalIPs`, which the author of a Service may fill with any
/// address.
const MAX_EXTERNAL: usize = 64;

/// Ports of addresses that one Service claims.
const MAX_PORTS: usize = 16_384;

/// The Service's addresses, and how many more it claims. `ports`: how many of each.
pub(super) fn ownerships(service: &object::Service, ports: usize) -> (Vec<Ownership>, usize) {
    let object::Service { created, addresses, load_balancer, external, .. } = service;
    let mut claimed = Ownership::since(*created, load_balancer, Right::LoadBalancer);
    claimed.extend(Ownership::since(*created, external, Right::External));
    let left_out = claimed.len().saturating_sub(MAX_PORTS / ports.max(1));
    claimed.truncate(claimed.len() - left_out);
    let mut ownerships = Ownership::since(*created, addresses, Right::Own);
    ownerships.extend(claimed);
    (ownerships, left_out)
}

/// The owners of the address's ports, and how many are left out. Of several Services that claim a port a load balancer's goes
/// before one of `externalIPs`, then the oldest, then the first by name. Before `after` the address had one owner for all
/// ports.
pub(super) fn owners(mut claims: Vec<&OwnershipInterval>, after: UnixNanos) -> (Vec<Owner>, usize) {
    claims.sort_by_cached_key(|claim| (Reverse(claim.right), claim.started, name(claim)));
    let (mut owners, mut left_out, mut listed) = (Vec::new(), 0, 0);
    let mut taken = Taken::default();
    let mut external: HashMap<&str, usize> = HashMap::new();
    for claim in claims {
        let OwnerKind::Service(frontend) = &claim.kind else { continue };
        let of_namespace = external.entry(&frontend.service.namespace).or_default();
        let is_external = claim.right == Right::External;
        if frontend.ports.is_empty() {
            continue;
        }
        if listed == MAX_CLAIMS || is_external && *of_namespace == MAX_EXTERNAL {
            left_out += 1;
            continue;
        }
        listed += 1;
        *of_namespace += usize::from(is_external);
        for (since, ports) in taken.take(frontend, claim.end()) {
            let since = since.max(after);
            if since == 0 || claim.end().is_none_or(|end| end > since) {
                let is_whole = ports.len() == frontend.ports.len();
                let ports = if is_whole { Arc::clone(&frontend.ports) } else { ports.into() };
                let kind = OwnerKind::Service(Frontend { ports, is_external, ..frontend.clone() });
                owners.push(Owner { kind, from: claim.started.max(since), until: claim.end(), observed: false });
            }
        }
    }
    (owners, left_out)
}

/// Ports that another Service has: until then, or `None`: still.
#[derive(Debug, Default)]
struct Taken(HashMap<u16, Option<UnixNanos>>);

impl Taken {
    /// Ports that are the next one's, by the moment from which on they are; 0: since ever.
    fn take(&mut self, frontend: &Frontend, end: Option<UnixNanos>) -> BTreeMap<UnixNanos, Vec<u16>> {
        let mut free: BTreeMap<UnixNanos, Vec<u16>> = BTreeMap::new();
        for port in &*frontend.ports {
            let until = self.0.entry(*port).or_insert(Some(0));
            if let Some(since) = *until {
                free.entry(since).or_default().push(*port);
                *until = end.map(|end| end.max(since));
            }
        }
        free
    }
}

fn name(claim: &OwnershipInterval) -> Option<(String, String)> {
    match &claim.kind {
        OwnerKind::Service(frontend) => Some((frontend.service.namespace.clone(), frontend.service.name.clone())),
        OwnerKind::Pod(_) | OwnerKind::Node(_) => None,
    }
}
