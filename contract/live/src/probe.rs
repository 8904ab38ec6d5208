//! Probe: one for each node.

mod columns;
mod facts;

pub use facts::{BudgetUse, Lag, Loss, Overflow, ProbeFacts};

use crate::resources::{KindSchemas, LiveResource, Scope, Verb};
use columns::COLUMNS;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a probe runs.
#[derive(CustomResource, JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[kube(
    group = "live.telemetry.longwire.io",
    version = "v1alpha1",
    kind = "Probe",
    plural = "probes",
    status = "ProbeStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ProbeSpec {
    /// The probe's node.
    pub node: String,
}

/// What the leading operator knows of the probe.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ProbeStatus {
    /// Whether the probe has a control stream to the leading operator.
    pub connected: bool,

    /// Whether the probe's pod is ready. Left out where the operator reads manifests instead of an API server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,

    /// The probe's release. Left out until it has connected to this operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,

    /// How far the probe has applied the configuration.
    pub revision: Revisions,

    /// Why the probe could not apply a part of its configuration. Left out if it applied everything that it was sent last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,

    /// What the probe has reported about its node in the last hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,

    /// What the probe says of itself. Left out if it is not connected, is of a release that does not say it, or did not answer in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<ProbeFacts>,
}

/// Revisions of the configuration, as the leading operator counts them since it started.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Revisions {
    /// The last revision up to which the probe has applied everything. Left out until it has acknowledged one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<u64>,

    /// The revision that the probe should have. It has fallen behind while this is larger.
    pub wanted: u64,
}

/// The resource.
pub const PROBES: LiveResource = LiveResource {
    kind: "Probe",
    plural: "probes",
    singular: "probe",
    short_names: &[],
    description: "Probe is the state of one node's probe, as the leading operator knows it now. Its name is the node's.",
    scope: Scope::Cluster,
    verbs: &[Verb::Get, Verb::List],
    fields: &["metadata.name"],
    columns: COLUMNS,
    schemas: KindSchemas::of::<ProbeSpec, ProbeStatus>,
};
