use super::{InvalidObject, Metadata, addresses, cluster_wide};
use k8s_openapi::api::core::v1 as k8s;
use std::net::IpAddr;

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";

/// Its own addresses. Those of its bridges are in no object: a pod CIDR's first address is only a habit of some networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// `InternalIP` and `ExternalIP`.
    pub addresses: Vec<IpAddr>,
    pub zone: Option<String>,
    pub region: Option<String>,
}

impl TryFrom<k8s::Node> for Node {
    type Error = InvalidObject;

    fn try_from(node: k8s::Node) -> Result<Self, Self::Error> {
        let listed = node.status.and_then(|status| status.addresses).unwrap_or_default();
        let own = listed.iter().filter(|listed| matches!(listed.type_.as_str(), "InternalIP" | "ExternalIP"));
        let own = addresses("status.addresses.address", own.map(|listed| listed.address.as_str()))?;
        Ok(Self {
            name: cluster_wide(&node.metadata)?,
            addresses: own,
            zone: label(&node.metadata, ZONE),
            region: label(&node.metadata, REGION),
        })
    }
}

fn label(metadata: &Metadata, name: &str) -> Option<String> {
    metadata.labels.as_ref()?.get(name).filter(|value| !value.is_empty()).cloned()
}
