//! SeriesEstimate: what a policy would do to the series that are live now. It is created and answered, and not stored.

use crate::columns::cells::number;
use crate::columns::{Column, ColumnKind, NAME};
use crate::resources::{KindSchemas, LiveResource, Scope, Verb};
use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is asked.
#[derive(CustomResource, JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "live.telemetry.longwire.io",
    version = "v1alpha1",
    kind = "SeriesEstimate",
    plural = "seriesestimates",
    namespaced,
    status = "SeriesEstimateStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct SeriesEstimateSpec {
    /// The TelemetryPolicy, ExtraStatTags or StatsMatcher, whole. It takes the place of the one of its name, if there is one. Its
    /// namespace is the estimate's.
    #[schemars(schema_with = "any_object")]
    pub object: Value,
}

fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// What applying the object would do. Series are lines of a scrape, of all nodes that answered. The ones of an object in the root
/// namespace are those of the whole cluster, else those of the pods of the object's namespace.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SeriesEstimateStatus {
    /// Whether every node answered and looked at everything. The warnings say what is missing.
    pub complete: bool,

    /// Why the answer may be too low, or the object have less effect than expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,

    /// Live connections, by the ends that probes report, and those of them that would record into their series by another
    /// configuration.
    pub connections: u64,

    /// Of these the ones whose pod would be configured differently.
    pub relabelled: u64,

    /// What would be different, in how many pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,

    /// All metrics together.
    pub series: SeriesCounts,

    /// Metrics that have series before or after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<NamedCounts>,

    /// Namespaces of the pods that report, those with the most series first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<NamedCounts>,

    /// Budgets of nodes that would have no room: what finds none reads overflow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overflows: Vec<Overflow>,

    /// Labels that the object changes or adds, with the values that live connections would have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
}

/// Something that would be configured differently.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What, as a sentence.
    pub what: String,

    /// In so many pods.
    pub pods: u64,
}

/// Series before and after.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SeriesCounts {
    /// Series that there are now.
    pub before: u64,

    /// Series right after the object is applied. None goes at once.
    pub after: u64,

    /// Those of them that live connections feed now and would feed no longer. They stand still, and go later.
    pub stopped: u64,

    /// At most so many lines of histograms would come later, with what they observe.
    pub later: u64,
}

/// Series of one metric, or of one namespace.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NamedCounts {
    /// Name of the metric or the namespace.
    pub name: String,

    /// Its series.
    #[serde(flatten)]
    pub series: SeriesCounts,
}

/// A budget of one node that would have no room.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Overflow {
    /// The node.
    pub node: String,

    /// The namespace whose share of the node it is. Left out: the whole node's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// The other namespace, if it is the share of the connections with its pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,

    /// What is limited: series, longConnections or bytes.
    pub resource: String,

    /// So many there may be.
    pub limit: u64,

    /// How often a connection's series would find no room.
    pub refused: u64,
}

/// A label that would be changed or added.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Its name.
    pub name: String,

    /// Live connections that would have it.
    pub connections: u64,

    /// Of these the ones whose value would be unknown.
    pub unknown: u64,

    /// And overflow, because the tag has a limit of values.
    pub overflow: u64,

    /// Different values on the node that has the most.
    pub values: u64,

    /// The most frequent values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<LabelValue>,
}

/// A value of a label.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LabelValue {
    /// At most 128 bytes of it.
    pub value: String,

    /// Live connections with it, of nodes that have it among their most frequent ones.
    pub connections: u64,
}

/// The resource.
pub const SERIES_ESTIMATES: LiveResource = LiveResource {
    kind: "SeriesEstimate",
    plural: "seriesestimates",
    singular: "seriesestimate",
    short_names: &[],
    description: "SeriesEstimate says what a TelemetryPolicy, ExtraStatTags or StatsMatcher would do to the series that are live now. \
                  It is created and answered, and not stored.",
    scope: Scope::Namespaced,
    verbs: &[Verb::Create],
    fields: &[],
    columns: &[
        NAME,
        Column::new("Before", ColumnKind::Integer, "Series that there are now.", |object| {
            number(object, "/status/series/before").into()
        }),
        Column::new("After", ColumnKind::Integer, "Series right after the object is applied.", |object| {
            number(object, "/status/series/after").into()
        }),
        Column::new("Stopped", ColumnKind::Integer, "Those of them that would be fed no longer.", |object| {
            number(object, "/status/series/stopped").into()
        }),
        Column::new("Overflows", ColumnKind::Integer, "Budgets of nodes that would have no room.", |object| {
            object.pointer("/status/overflows").and_then(Value::as_array).map_or(0, Vec::len).into()
        }),
    ],
    schemas: KindSchemas::of::<SeriesEstimateSpec, SeriesEstimateStatus>,
};
