//! Who stands behind an address: workloads, services, pods.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// What the series say of one end of a connection, apart from its pod. Equal for all replicas, so it is shared.
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
    /// The cluster the Service is of, as in [`Workload::cluster`].
    pub cluster: String,
}

/// Where a pod runs; what is not known is empty. Equal for all pods of a node, so it is shared.
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
    /// The Service's own port that leads there.
    pub port: u16,
    pub service: Arc<Service>,
}

/// A pod as its peers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    pub uid: String,
    pub name: String,
    /// All of `status.podIPs`, IPv4-mapped addresses unmapped.
    pub addresses: Vec<IpAddr>,
    /// Shares its node's network namespace and addresses, so that no address names it.
    pub host_network: bool,
    pub workload: Arc<Workload>,
    /// The one Service behind each target port, sorted by that. Where several match: the oldest, then by name.
    pub services: Vec<Backing>,
    /// Other Services of its namespace that lead to it, sorted by target port: one of them may be the one that was requested.
    pub more_services: Vec<Backing>,
    /// Empty: not known.
    pub service_account: String,
    pub place: Arc<Place>,
    /// Those that some expression names, by name, sorted.
    pub labels: Vec<(String, String)>,
}

impl Pod {
    /// The Service that a connection to this port of the pod belongs to, by the rule both ends share.
    #[must_use]
    pub fn backing(&self, target_port: u16) -> Option<&Backing> {
        let at = self.services.binary_search_by_key(&target_port, |backing| backing.target).ok()?;
        Some(&self.services[at])
    }

    /// What leads from this Service to this port of the pod.
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

/// Somebody an address belongs to, or belonged to, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub holder: Holder,
    /// 0: since ever.
    pub from: UnixNanos,
    /// `None`: still.
    pub until: Option<UnixNanos>,
    /// `from` is no second on some clock but when its own node's kernel first saw it speak. Such an owner takes over at that
    /// moment from those that had left by then.
    pub sighted: bool,
}

/// A pod was seen to speak from an address by the kernel of its node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    pub uid: String,
    pub address: IpAddr,
    /// It did not before.
    pub since: UnixNanos,
    /// UIDs of pods of that node that had the address before and of which no process was left when this one spoke.
    pub gone: Vec<String>,
}

/// A Service at one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontend {
    pub service: Arc<Service>,
    /// TCP ports that it claims there, ascending: other ports of the address are not its own. Empty: all of them, as of a ClusterIP,
    /// which no other Service can have.
    pub ports: Arc<[u16]>,
    /// Endpoints that its EndpointSlices name by address and not as a pod, ascending.
    pub endpoints: Arc<[SocketAddr]>,
    /// It is one of its `externalIPs`, which anybody who may write a Service can fill with any address: the Service is meant if the node
    /// translates the connection.
    pub is_external: bool,
}

impl Frontend {
    /// All ports of the address are its own, and pods are its endpoints.
    #[must_use]
    pub fn whole(service: Arc<Service>) -> Self {
        Self { service, ports: Arc::default(), endpoints: Arc::default(), is_external: false }
    }

    #[must_use]
    pub fn claims(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.binary_search(&port).is_ok()
    }

    /// Whether it leads to this pod at this address, by its selector or its EndpointSlices.
    #[must_use]
    pub fn leads_to(&self, pod: &Pod, at: SocketAddr) -> bool {
        pod.backing_of(at.port(), &self.service).is_some() || self.endpoints.binary_search(&at).is_ok()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Pod(Arc<Pod>),
    /// A cluster, external or load balancer address of a Service: the backend is conntrack's to tell.
    Service(Frontend),
    /// A node's address: any hostNetwork pod, host process or masqueraded peer may stand behind it.
    Node(String),
}

/// An address and all who held it lately. Nobody: it is outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub address: IpAddr,
    pub owners: Vec<Owner>,
}
