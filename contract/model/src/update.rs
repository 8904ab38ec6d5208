//! What the operator tells one probe.

use crate::identity::{Address, Pod};
use crate::telemetry::{NodeSettings, Telemetry};
use std::sync::Arc;

/// A pod of the probe's own node, with what was configured for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPod {
    pub pod: Arc<Pod>,
    pub telemetry: Arc<Telemetry>,
}

/// A change of a node's configuration and of the addresses its probe asked about, applied as a whole.
///
/// The first one on a stream makes a probe configured, even when it is empty: the node may run no pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Hash of the node's whole configuration once this is applied; what an ACK names.
    pub version: u64,
    /// `None`: as before; at the start of a stream they are always said.
    pub settings: Option<NodeSettings>,
    /// New or changed pods of the node.
    pub pods: Vec<LocalPod>,
    /// UIDs of pods that left the node, or ended.
    pub removed_pods: Vec<String>,
    /// New or changed answers; each replaces what was said of the address before.
    pub addresses: Vec<Address>,
}
