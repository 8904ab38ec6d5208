//! Identities of addresses: workloads, services, pods.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The labels of one end of a connection, except those of its pod. Equal for all replicas, so it is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Workload {
    pub namespace: String,
    /// The owner's name by Istio's rules: a Deployment's, not its ReplicaSet's.
    pub name: String,
    pub canonical_service: String,
    pub canonical_revision: String,
    pub cluster: String,
}

/// A Kubernetes Service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Service {
    pub namespace: String,
    pub name: String,
    /// `name.namespace.svc.<cluster domain>`
    pub host: String,
    /// The Service's cluster, as in [`Workload::cluster`].
    pub cluster: String,
}

/// Where a pod runs. Unknown fields are empty. Equal for all pods of a node, so it is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub node: String,
    pub zone: String,
    pub region: String,
}

/// A Service behind a port of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Backing {
    /// The pod's port.
    pub target: u16,
    /// The Service's own port for it.
    pub port: u16,
    pub service: Arc<Service>,
}

/// A pod as other nodes' probes know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    pub uid: String,
    pub name: String,
    /// All of `status.podIPs`, IPv4-mapped addresses unmapped.
    pub addresses: Vec<IpAddr>,
    /// Uses its node's network namespace and addresses, so that no address identifies it.
    pub host_network: bool,
    pub workload: Arc<Workload>,
    /// One Service for each target port, sorted by port. If several match: the oldest, then the first by name.
    pub services: Vec<Backing>,
    /// Other Services of its namespace that select it, sorted by target port: the requested one may be among them.
    pub more_services: Vec<Backing>,
    /// Empty: unknown.
    pub service_account: String,
    pub place: Arc<Place>,
    /// Labels that some expression uses, sorted by name.
    pub labels: Vec<(String, String)>,
}

impl Pod {
    /// The Service of a connection to this port of the pod, by the rule that both ends use.
    #[must_use]
    pub fn backing(&self, target_port: u16) -> Option<&Backing> {
        let at = self.services.binary_search_by_key(&target_port, |backing| backing.target).ok()?;
        Some(&self.services[at])
    }

    /// The port of this Service that leads to this port of the pod.
    #[must_use]
    pub fn backing_of(&self, target_port: u16, service: &Service) -> Option<&Backing> {
        let from = self.more_services.partition_point(|backing| backing.target < target_port);
        let more = self.more_services[from..].iter().take_while(|backing| backing.target == target_port);
        self.backing(target_port).into_iter().chain(more).find(|backing| *backing.service == *service)
    }

    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        let at = self.labels.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(&self.labels[at].1)
    }
}

/// Nanoseconds since the Unix epoch.
pub type UnixNanos = u64;

/// An owner of an address, with its ownership interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub kind: OwnerKind,
    /// 0: always.
    pub from: UnixNanos,
    /// `None`: it still is.
    pub until: Option<UnixNanos>,
    /// `from` is the time at which the kernel of its node first saw it use the address, not a timestamp of Kubernetes.
    /// Such an owner takes over from all that had left by then.
    pub observed: bool,
}

/// The kernel of a node saw a pod use an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedAddress {
    pub uid: String,
    pub address: IpAddr,
    /// First use of the address by this pod.
    pub since: UnixNanos,
    /// UIDs of pods of that node that had the address before, and that had no process left at that time.
    pub gone: Vec<String>,
}

/// A Service at one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontend {
    pub service: Arc<Service>,
    /// Its TCP ports at this address, ascending; other ports are not its own. Empty: all of them, as of a ClusterIP,
    /// which no other Service can have.
    pub ports: Arc<[u16]>,
    /// Endpoints of its EndpointSlices that are addresses and not pods, ascending.
    pub endpoints: Arc<[SocketAddr]>,
    /// One of its `externalIPs`. Any writer of Services can set these to any address, so a connection counts as the
    /// Service's only if the node translates it.
    pub is_external: bool,
}

impl Frontend {
    /// It has all ports of the address, and its endpoints are pods.
    #[must_use]
    pub fn whole(service: Arc<Service>) -> Self {
        Self { service, ports: Arc::default(), endpoints: Arc::default(), is_external: false }
    }

    #[must_use]
    pub fn claims(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.binary_search(&port).is_ok()
    }

    /// Whether it has this pod at this address as an endpoint, by its selector or its EndpointSlices.
    #[must_use]
    pub fn leads_to(&self, pod: &Pod, at: SocketAddr) -> bool {
        pod.backing_of(at.port(), &self.service).is_some() || self.endpoints.binary_search(&at).is_ok()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerKind {
    Pod(Arc<Pod>),
    /// A cluster, external or load balancer address of a Service; conntrack has the backend.
    Service(Frontend),
    /// A node's address: a hostNetwork pod, a host process or a masqueraded peer may use it.
    Node(String),
}

/// An address and its recent owners. Without any it is outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub address: IpAddr,
    pub owners: Vec<Owner>,
}
