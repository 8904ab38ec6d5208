use super::{InvalidObject, Kind, LeftOut, Metadata, Name, cluster_wide};
use ipnet::IpNet;
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
    /// `spec.podCIDRs`: the ranges of its pods' addresses, where Kubernetes assigns ranges to nodes.
    pub(crate) pod_ranges: Vec<IpNet>,
    pub zone: Option<String>,
    pub(crate) region: Option<String>,
}

impl TryFrom<k8s::Node> for Node {
    type Error = InvalidObject;

    fn try_from(node: k8s::Node) -> Result<Self, Self::Error> {
        let spec = node.spec.unwrap_or_default();
        let listed = node.status.and_then(|status| status.addresses).unwrap_or_default();
        let own = listed.iter().filter(|listed| matches!(listed.type_.as_str(), "InternalIP" | "ExternalIP"));
        let (name, mut left_out) = (cluster_wide(&node.metadata)?, LeftOut::default());
        let own = left_out.addresses("status.addresses.address", own.map(|listed| listed.address.as_str()));
        left_out.log(Kind::Node, &Name::cluster_wide(&name));
        Ok(Self {
            name,
            addresses: own,
            pod_ranges: pod_ranges(&spec),
            zone: label(&node.metadata, ZONE),
            region: label(&node.metadata, REGION),
        })
    }
}

/// A range that cannot be read is none: then its addresses are known from their pods' status alone.
fn pod_ranges(spec: &k8s::NodeSpec) -> Vec<IpNet> {
    let several = spec.pod_cidrs.as_deref().filter(|several| !several.is_empty());
    let ranges = several.unwrap_or(spec.pod_cidr.as_slice()).iter();
    ranges.filter_map(|range| range.parse().ok()).collect()
}

fn label(metadata: &Metadata, name: &str) -> Option<String> {
    metadata.labels.as_ref()?.get(name).filter(|value| !value.is_empty()).cloned()
}
