//! What the operator reports, the same for every kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The types of conditions.
pub mod condition_type {
    pub const ACCEPTED: &str = "Accepted";
    pub const PROGRAMMED: &str = "Programmed";
    pub const CONFLICTED: &str = "Conflicted";
}

/// The reasons of conditions.
pub mod reason {
    /// Of Accepted: the object can be used.
    pub const ACCEPTED: &str = "Accepted";
    /// Of Accepted: a part of it has no effect, or breaks a consumer of series.
    pub const ACCEPTED_WITH_WARNINGS: &str = "AcceptedWithWarnings";
    /// Of Accepted: a field has an invalid value.
    pub const INVALID: &str = "Invalid";
    /// Of Accepted: a field is for the whole cluster, and the object is not in the operator's own namespace.
    pub const NOT_ROOT_NAMESPACE: &str = "NotRootNamespace";
    /// Of Accepted: it is larger than one object may be.
    pub const TOO_LARGE: &str = "TooLarge";
    /// Of Accepted, and of a warning about an EndpointSlice: older objects of the namespace leave it no room.
    pub const NAMESPACE_BUDGET_EXCEEDED: &str = "NamespaceBudgetExceeded";
    /// Of Programmed: every desired node has applied it.
    pub const PROGRAMMED: &str = "Programmed";
    /// Of Programmed: there is no desired node.
    pub const NO_TARGETS: &str = "NoTargets";
    /// Of Programmed: an object that is not accepted has no effect.
    pub const NOT_ACCEPTED: &str = "NotAccepted";
    /// Of Programmed: some probe could not apply it.
    pub const REJECTED: &str = "Rejected";
    /// Of Programmed: some nodes lag, or have not answered this replica yet.
    pub const PENDING: &str = "Pending";
    /// Of Conflicted: another object overrides a part of it.
    pub const CONFLICTED: &str = "Conflicted";
    /// Of Conflicted: no other object overrides a part of it.
    pub const NO_CONFLICTS: &str = "NoConflicts";
}

/// The state of the object, written by the operator.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatus {
    /// The metadata.generation that this status is about. An older one means that the operator has not seen the last edit
    /// yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Accepted: the object is valid; if not, the reason says why and the message names the field. Programmed: every
    /// node with a selected pod and a ready probe has applied it; if not, the message names the other nodes. Conflicted: a
    /// part of the object is overridden by another object; the message names the field and that object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// On how many nodes the object is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodeCount>,

    /// The same as text, programmed over desired, such as 3/3: a column of kubectl get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub programmed: Option<String>,

    /// How many workloads have a pod that the object selects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workloads_selected: Option<u32>,
}

/// Progress of an object over the nodes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NodeCount {
    /// Nodes whose probe has acknowledged a configuration that includes the object's last edit.
    pub programmed: u32,
    /// Nodes with a ready probe and at least one selected pod.
    pub desired: u32,
}
