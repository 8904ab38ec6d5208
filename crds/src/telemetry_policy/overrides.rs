//! Changes to single metrics.

use super::istio::{ALL_METRICS, METRIC_ALIASES, Mode, REQUEST_METRICS};
use crate::limits::{MAX_EXPRESSION_BYTES, MAX_TAGS};
use crate::tag_name;
use kube::KubeSchema;
use longwire_model::series::{FAMILIES, SeriesSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The names of the metrics, as the schema lists them: one a family of connections, without Envoy's, which a StatsMatcher
/// selects.
#[must_use]
pub fn metrics() -> Vec<&'static str> {
    FAMILIES.iter().filter(|family| family.set != SeriesSet::Envoy).map(|family| family.name).collect()
}

/// What may name metrics: [`metrics`], and Istio's words.
#[must_use]
pub fn metric_words() -> Vec<&'static str> {
    let aliases = METRIC_ALIASES.iter().map(|(alias, _)| *alias);
    metrics().into_iter().chain([ALL_METRICS]).chain(aliases).chain(REQUEST_METRICS).collect()
}

/// A change to the metrics that match.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("has(self.disabled) || has(self.tagOverrides)")
        .message("must have disabled or tagOverrides, or it changes nothing")
)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// The metrics that are changed. Default: all of them, at both ends.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matches: Option<Match>,

    /// true: the metrics are not exported. false: they are, even if a broader object or an earlier override disables them.
    /// Default: unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,

    /// Changes to the labels of the metrics, by the label's name, at most 32: a standard label, or a new one. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = MAX_TAGS))]
    #[x_kube(validation = tag_name::keys_are_label_names(), validation = tag_name::keys_are_free())]
    pub tag_overrides: Option<BTreeMap<String, TagOverride>>,
}

/// Which metrics an override changes.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("!has(self.reporter) || !has(self.mode)")
        .message("mode is Istio's word for reporter: give one of both")
)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// The metric's name, as in a scrape, or as in Istio's Telemetry: TCP_SENT_BYTES, ALL_METRICS and so on. Those of
    /// requests, such as REQUEST_COUNT, name nothing that Longwire has. Default: every metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = metric_words()))]
    pub metric: Option<String>,

    /// The end that reports: source is the client's, destination the server's. Default: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<Reporter>,

    /// The same as in Istio's Telemetry: CLIENT is source, SERVER is destination. Must not be given beside reporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Reporter {
    Source,
    Destination,
}

/// A change to a label.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("has(self.value) || (has(self.operation) && self.operation == 'REMOVE')")
        .message("value must be given when operation is UPSERT"),
    validation = Rule::new("!has(self.value) || !has(self.operation) || self.operation != 'REMOVE'")
        .message("value must not be given when operation is REMOVE")
)]
#[serde(rename_all = "camelCase")]
pub struct TagOverride {
    /// UPSERT: the label is added, or its value replaced. REMOVE: the label is removed, and label sets that are equal
    /// without it are added up. Default: UPSERT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,

    /// A CEL expression that results in a string, at most 512 bytes, such as destination.labels["team"]. If it cannot be
    /// evaluated, the value is unknown. Required for UPSERT, refused for REMOVE. All attributes and functions, and recipes:
    /// docs/expressions.md.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_EXPRESSION_BYTES))]
    pub value: Option<String>,
}

#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    Upsert,
    Remove,
}
