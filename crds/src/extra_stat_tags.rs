//! ExtraStatTags: labels beside the standard ones.

use crate::limits::{MAX_EXPRESSION_BYTES, MAX_TAG_VALUES, MAX_TAGS};
use crate::{PolicyStatus, selector, tag_name};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration. Tags of several objects add up; of two tags with one name the narrower object's is used.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "telemetry.longwire.io",
    version = "v1alpha1",
    kind = "ExtraStatTags",
    plural = "extrastattags",
    namespaced,
    doc = "ExtraStatTags adds labels to the series of the pods of a namespace, or of the whole cluster.",
    shortname = "est",
    category = "longwire",
    status = "PolicyStatus",
    derive = "PartialEq"
)]
#[x_kube(validation = Rule::new("has(self.tags)").message("tags must have at least one tag"))]
#[serde(rename_all = "camelCase")]
pub struct ExtraStatTagsSpec {
    /// The pods to which this object applies. Left out: every pod of the namespace or, in the operator's root namespace, of
    /// the whole cluster. A selector in the root namespace selects only pods of the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector::schema")]
    pub selector: Option<LabelSelector>,

    /// The labels to add, 1 to 32, each name once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_TAGS))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub tags: Vec<ExtraTag>,
}

/// One label beside the standard ones.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExtraTag {
    /// The label's name: letters, digits and _, at most 63; no standard label,
    /// none of le, job, instance, app, reason, and not beginning with __.
    #[schemars(schema_with = "tag_name::schema")]
    pub name: String,

    /// A CEL expression that results in a string, at most 512 bytes, such as source.zone. If it cannot be evaluated, the
    /// value is unknown. All attributes and functions, and recipes: docs/expressions.md.
    #[schemars(length(min = 1, max = MAX_EXPRESSION_BYTES))]
    pub value: String,

    /// true: only pods that name the tag in their annotation sidecar.istio.io/extraStatTags have it. false: every selected
    /// pod has it. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_in: Option<bool>,

    /// Maximum number of values of the tag on one probe for the pods of one namespace, 1 to 10000; further ones are replaced
    /// by overflow. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_TAG_VALUES))]
    pub max_values: Option<u32>,
}
