//! StatsMatcher: which of Envoy's native connection statistics there are.

use crate::limits::{MAX_PATTERN_BYTES, MAX_PATTERNS};
use crate::{PolicyStatus, selector};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The configuration. Names are Envoy's, with dots, as in cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "telemetry.longwire.io",
    version = "v1alpha1",
    kind = "StatsMatcher",
    plural = "statsmatchers",
    namespaced,
    doc = "StatsMatcher selects which of Envoy's upstream connection counters and gauges are exported for the pods of a namespace, or of the whole cluster; none unless a pattern matches.",
    shortname = "sm",
    category = "longwire",
    status = "PolicyStatus",
    derive = "PartialEq"
)]
#[x_kube(
    validation = Rule::new(
        "(has(self.rejectAll) ? 1 : 0) + (has(self.inclusionList) ? 1 : 0) + (has(self.exclusionList) ? 1 : 0) <= 1"
    )
    .message("at most one of rejectAll, inclusionList and exclusionList may be given"),
    validation = Rule::new(
        "!(has(self.inclusionPrefixes) || has(self.inclusionSuffixes) || has(self.inclusionRegexps)) || !(has(self.rejectAll) || has(self.exclusionList))"
    )
    .message("inclusionPrefixes, inclusionSuffixes and inclusionRegexps must not be given beside rejectAll or exclusionList"),
    validation = Rule::new(
        "has(self.rejectAll) || has(self.inclusionList) || has(self.exclusionList) || has(self.inclusionPrefixes) || has(self.inclusionSuffixes) || has(self.inclusionRegexps)"
    )
    .message("must have one of rejectAll, inclusionList, exclusionList, inclusionPrefixes, inclusionSuffixes and inclusionRegexps")
)]
#[serde(rename_all = "camelCase")]
pub struct StatsMatcherSpec {
    /// The pods to which this object applies. Left out: every pod of the namespace or, in the operator's root namespace, of
    /// the whole cluster. A selector in the root namespace selects only pods of the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector::schema")]
    pub selector: Option<LabelSelector>,

    /// true: no statistic, whatever a broader object includes. Excludes every other field; leave it out to reject nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self").message("must be true; leave rejectAll out to reject nothing"))]
    pub reject_all: Option<bool>,

    /// Only the statistics whose names match a pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion_list: Option<PatternList>,

    /// The statistics whose names match no pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusion_list: Option<PatternList>,

    /// The statistics whose names begin with one of these prefixes, 1 to 64 of at most 1024 characters, in addition
    /// to those of inclusionList.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN_BYTES)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub inclusion_prefixes: Option<Vec<String>>,

    /// The statistics whose names end with one of these suffixes, 1 to 64 of at most 1024 characters, in addition to
    /// those of inclusionList.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN_BYTES)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub inclusion_suffixes: Option<Vec<String>>,

    /// The statistics whose whole names match one of these regular expressions, 1 to 64 of at most 1024 characters in the
    /// syntax of RE2, in addition to those of inclusionList.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "regexps")]
    pub inclusion_regexps: Option<Vec<String>>,
}

/// Patterns of which any may match.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PatternList {
    /// The patterns, 1 to 64; a name matches when any of them does.
    #[schemars(length(min = 1, max = MAX_PATTERNS))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub patterns: Vec<StringMatcher>,
}

/// A pattern for the name of a statistic, like Envoy's: exactly one of exact, prefix, suffix, contains and safeRegex.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new(
        "[has(self.exact), has(self.prefix), has(self.suffix), has(self.contains), has(self.safeRegex)].exists_one(given, given)"
    )
    .message("exactly one of exact, prefix, suffix, contains and safeRegex must be given"),
    validation = Rule::new("!has(self.ignoreCase) || !self.ignoreCase || !has(self.safeRegex)")
        .message("ignoreCase must not be given beside safeRegex; write (?i) into the expression")
)]
#[serde(rename_all = "camelCase")]
pub struct StringMatcher {
    /// The whole name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PATTERN_BYTES))]
    pub exact: Option<String>,

    /// The beginning of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PATTERN_BYTES))]
    pub prefix: Option<String>,

    /// The end of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PATTERN_BYTES))]
    pub suffix: Option<String>,

    /// A part of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PATTERN_BYTES))]
    pub contains: Option<String>,

    /// A regular expression for the whole name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_regex: Option<SafeRegex>,

    /// Whether the case of ASCII letters is ignored; refused beside safeRegex. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_case: Option<bool>,
}

/// A regular expression that matches in linear time.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SafeRegex {
    /// The expression, in the syntax of RE2, 1 to 1024 characters. It must match the whole name: add .* to match a part.
    #[schemars(schema_with = "regex")]
    pub regex: String,
}

/// The API server compiles it: an invalid expression fails the rule, which refuses the object with RE2's error message.
fn regex(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_PATTERN_BYTES,
        "x-kubernetes-validations": [{
            "rule": "''.matches(self) in [true, false]",
            "message": "must be a regular expression in the syntax of RE2",
        }],
    })
}

fn regexps(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_PATTERNS,
        "items": regex(generator),
        "x-kubernetes-list-type": "set",
    })
}
