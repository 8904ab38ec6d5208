//! Who stands behind an address: workloads, services, pods.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Pod(Arc<Pod>),
    /// A cluster, external or load balancer address of a Service: the backend is conntrack's to tell.
    Service(Arc<Service>),
    /// A node's address: any hostNetwork pod, host process or masqueraded peer may stand behind it.
    Node(String),
}

/// An address and all who held it lately. Nobody: it is outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub address: IpAddr,
    pub owners: Vec<Owner>,
}
