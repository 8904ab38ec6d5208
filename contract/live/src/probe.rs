//! Probe: one for each node.

use crate::columns::{Column, ColumnKind, NAME, UNKNOWN, text};
use crate::resources::{KindSchemas, LiveResource, Scope, Verb};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    columns: &[
        NAME,
        Column::new("Connected", ColumnKind::Text, "Whether it has a control stream to the operator.", |object| {
            text(object, "/status/connected")
        }),
        Column::new("Ready", ColumnKind::Text, "Whether its pod is ready.", |object| text(object, "/status/ready")),
        Column::new("Release", ColumnKind::Text, "Its release.", |object| text(object, "/status/release")),
        Column::new("Programmed", ColumnKind::Text, PROGRAMMED, programmed),
        Column::new("Refusal", ColumnKind::Text, "Why it could not apply its configuration.", |object| {
            text(object, "/status/refusal")
        })
        .wide(),
        Column::new("Notices", ColumnKind::Integer, "Notices about its node in the last hour.", notices).wide(),
    ],
    schemas: KindSchemas::of::<ProbeSpec, ProbeStatus>,
};

const PROGRAMMED: &str = "Revision of the configuration that it has applied, of the one that it should have.";

fn programmed(object: &Value) -> Value {
    let revision = |name: &str| object.pointer(&format!("/status/revision/{name}")).and_then(Value::as_u64);
    let Some(wanted) = revision("wanted") else { return UNKNOWN.into() };
    revision("applied").map_or_else(|| format!("-/{wanted}"), |applied| format!("{applied}/{wanted}")).into()
}

fn notices(object: &Value) -> Value {
    object.pointer("/status/notices").and_then(Value::as_array).map_or(0, Vec::len).into()
}
