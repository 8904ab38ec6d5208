//! What probes are sent, each part with the version of its content.

use longwire_model::identity::Address;
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::LocalPod;
use longwire_wire::version;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// All that a node's probe is sent without a request.
#[derive(Debug, PartialEq)]
pub struct NodeConfiguration {
    pub version: u64,
    pub settings: NodeSettings,
    /// By UID, with their versions.
    pub pods: BTreeMap<String, (u64, LocalPod)>,
}

/// The owners of an address.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub version: u64,
    pub address: Address,
}

impl NodeConfiguration {
    #[must_use]
    pub fn new(settings: NodeSettings, pods: impl IntoIterator<Item = LocalPod>) -> Self {
        let versioned = |local: LocalPod| (local.pod.uid.clone(), (version::of_local_pod(&local), local));
        Self::of(settings, pods.into_iter().map(versioned).collect())
    }

    pub(super) fn of(settings: NodeSettings, pods: BTreeMap<String, (u64, LocalPod)>) -> Self {
        let version = version::of_node(&settings, pods.iter().map(|(uid, (version, _))| (uid.as_str(), *version)));
        Self { version, settings, pods }
    }
}

impl Answer {
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self { version: version::of_address(&address), address }
    }

    /// Outside the cluster.
    #[must_use]
    pub fn outside(address: IpAddr) -> Self {
        Self::new(Address { address, owners: Vec::new() })
    }
}
