//! EffectiveTelemetry: what all objects and annotations come to for one pod, and where each part is from.

mod columns;

use crate::resources::{KindSchemas, LiveResource, Scope, Verb};
use columns::COLUMNS;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pod.
#[derive(CustomResource, JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[kube(
    group = "live.telemetry.longwire.io",
    version = "v1alpha1",
    kind = "EffectiveTelemetry",
    plural = "effectivetelemetries",
    namespaced,
    status = "EffectiveTelemetryStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveTelemetrySpec {
    /// Name of the workload that the pod belongs to, such as a Deployment's.
    pub workload: String,

    /// The pod's node. Left out until it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,

    /// Canonical service of the pod, as the labels of its series have it.
    pub canonical_service: String,

    /// Canonical revision of the pod, as the labels of its series have it.
    pub canonical_revision: String,

    /// Services that lead to the pod, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

/// What the operator makes of the objects and annotations that apply to the pod, part by part.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveTelemetryStatus {
    /// Every series set, and whether it is on.
    #[serde(default)]
    pub series_sets: Vec<EffectiveSet>,

    /// Metrics that are switched off, or kept on, by overrides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<EffectiveOverride>,

    /// Labels that series have beside the standard ones, or instead of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<EffectiveTag>,

    /// Everything else that an object or annotation sets: statistics, access logs, long connections, and what is for every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<EffectiveSetting>,

    /// Objects that apply to the pod, from the broadest to the narrowest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectReference>,

    /// The pod's own annotations that are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<PodAnnotation>,

    /// What has no effect, or not all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<TelemetryProblem>,

    /// Entries of these lists that are not shown because there are too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// A series set.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveSet {
    /// Name of the series set.
    pub name: String,

    /// Whether the pod has series of it.
    pub on: bool,

    /// Why it is off although it is selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    #[serde(flatten)]
    pub provenance: Provenance,
}

/// Whether metrics are disabled.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveOverride {
    /// Whether the metrics are switched off.
    pub disabled: bool,

    /// The metrics.
    #[serde(default, skip_serializing_if = "MetricSelection::is_all")]
    pub metrics: MetricSelection,

    #[serde(flatten)]
    pub provenance: Provenance,
}

/// A label of series.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveTag {
    /// Name of the label.
    pub name: String,

    /// The expression that gives the value. Left out if the label is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,

    /// Most values that it has in series of one pod. Left out if there is no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_values: Option<u32>,

    /// The metrics.
    #[serde(default, skip_serializing_if = "MetricSelection::is_all")]
    pub metrics: MetricSelection,

    #[serde(flatten)]
    pub provenance: Provenance,
}

/// One more setting.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveSetting {
    /// Name of the setting, as objects write it.
    pub name: String,

    /// Value of the setting. A long one is cut.
    pub value: String,

    #[serde(flatten)]
    pub provenance: Provenance,
}

/// To which metrics something applies. Of those that are on all, if it is left out.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricSelection {
    /// Metrics as the pod reports them as the source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,

    /// Metrics as the pod reports them as the destination.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub destination: Vec<String>,

    /// True if none of its metrics is on, so that it has no effect.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub none_on: bool,
}

impl MetricSelection {
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// Who sets a part, and who wanted to.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", default)]
pub struct Provenance {
    /// Who sets it. Left out if nobody does, and it is as Longwire has it without any object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,

    /// Objects and annotations that set it too and do not count. Of many the first ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Loser>,

    /// How many more of them there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_lost: u64,
}

/// A field of an object.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    #[serde(flatten)]
    pub object: ObjectReference,

    /// The field of the object.
    pub field: String,
}

/// A field of an object that does not count.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct Loser {
    #[serde(flatten)]
    pub origin: Origin,

    /// Why it does not count.
    pub why: String,
}

/// An object by its name. Nothing else of it is shown.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// Kind of the object: TelemetryPolicy, ExtraStatTags, StatsMatcher, Namespace or Pod; or Defaults, for those of the
    /// installation.
    pub kind: String,

    /// Namespace of the object. Left out if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Name of the object. Left out for the pod itself and for defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An annotation of the pod that is read.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct PodAnnotation {
    /// Name of the annotation.
    pub name: String,

    /// Value as it was understood. A long one is cut.
    pub value: String,
}

/// Something that has no effect.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct TelemetryProblem {
    /// What it is about. Left out if that is the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectReference>,

    /// One word for the kind of problem.
    pub reason: String,

    /// What is wrong, and what to do about it.
    pub message: String,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The resource.
pub const EFFECTIVE_TELEMETRIES: LiveResource = LiveResource {
    kind: "EffectiveTelemetry",
    plural: "effectivetelemetries",
    singular: "effectivetelemetry",
    short_names: &["lweff"],
    description: "EffectiveTelemetry is what all objects and annotations come to for a pod: series sets, overrides, tags and other \
                  settings, each with the object that it is from and those that lost. Its name is the pod's.",
    scope: Scope::Namespaced,
    verbs: &[Verb::Get, Verb::List],
    fields: &["metadata.name", "metadata.namespace", "workload", "node", "service"],
    columns: COLUMNS,
    schemas: KindSchemas::of::<EffectiveTelemetrySpec, EffectiveTelemetryStatus>,
};
