//! The operator's messages to one probe.

use crate::identity::{Address, Pod};
use crate::telemetry::{NodeSettings, Telemetry};
use std::sync::Arc;

/// A pod of the probe's own node, with its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPod {
    pub pod: Arc<Pod>,
    pub telemetry: Arc<Telemetry>,
}

/// A change of a node's configuration and of the addresses that its probe queries, applied as a whole.
///
/// The first one on a stream makes a probe configured, even if it is empty, because the node may run no pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Hash of the node's whole configuration after this update; the ACK contains it.
    pub version: u64,
    /// `None`: unchanged. The first update of a stream always has them.
    pub settings: Option<NodeSettings>,
    /// New or changed pods of the node.
    pub pods: Vec<LocalPod>,
    /// UIDs of pods that were removed from the node, or ended.
    pub removed_pods: Vec<String>,
    /// New or changed answers; each replaces the former one of its address.
    pub addresses: Vec<Address>,
}
