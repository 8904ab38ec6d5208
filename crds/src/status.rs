//! What the operator says back, the same for every kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
