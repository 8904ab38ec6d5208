//! TelemetryPolicy: which series there are, how often they are read and how many there may be, and what is logged.

mod access_logs;
mod exporters;
mod istio;
mod overrides;
pub use access_logs::{AccessLogs, log_event_names};
pub use exporters::{Exporter, FileExporter, OtlpExporter, SIGNALS, StatsdExporter};
pub use istio::{ALL_METRICS, METRIC_ALIASES, Mode, PROVIDER, Provider, REQUEST_METRICS, TelemetryMetrics};
pub use overrides::{Match, Operation, Override, Reporter, TagOverride, metric_words, metrics};

use crate::limits::{
    MAX_EXPORTERS, MAX_INTERVAL, MAX_LONG_CONNECTIONS, MAX_METRICS, MAX_OVERRIDES, MAX_SERIES, MAX_TAGS, MAX_THRESHOLD,
    MIN_DURATION,
};
use crate::{Duration, PolicyStatus, duration, selector};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use longwire_model::series::SeriesSet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The names of the series sets, as the schema lists them.
#[must_use]
pub fn series_set_names() -> [&'static str; 5] {
    SeriesSet::NAMED.map(SeriesSet::name)
}

/// The configuration. A field that is left out takes its value from the broader object: the namespace's, then the whole
/// cluster's, then the built-in default.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "telemetry.longwire.io",
    version = "v1alpha1",
    kind = "TelemetryPolicy",
    plural = "telemetrypolicies",
    namespaced,
    doc = "TelemetryPolicy configures the series and access logs of the pods of a namespace, or of the whole cluster: what is exported and logged, with which labels, and how much of it.",
    shortname = "telpol",
    category = "longwire",
    status = "PolicyStatus",
    derive = "PartialEq"
)]
#[x_kube(
    validation = Rule::new("!has(self.selector) || !(has(self.reportingInterval) || has(self.budgets) || has(self.limits) || has(self.exporters) || (has(self.metrics) && self.metrics.exists(part, has(part.reportingInterval))))")
        .message("reportingInterval, budgets, limits and exporters are for the whole cluster and must not be given beside a selector"),
    validation = Rule::new(
        "!has(self.reportingInterval) || !has(self.accessLogs) || !has(self.accessLogs.interval) \
         || duration(self.accessLogs.interval) >= duration(self.reportingInterval)"
    )
    .message("accessLogs.interval must be at least reportingInterval, because a connection is read once in that time")
)]
#[serde(rename_all = "camelCase")]
pub struct TelemetryPolicySpec {
    /// The pods to which this object applies. Left out: every pod of the namespace or, in the operator's root namespace, of
    /// the whole cluster. A selector in the root namespace selects only pods of the root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector::schema")]
    pub selector: Option<LabelSelector>,

    /// How often each probe reads the kernel's counters: 1s to 5m. Default: the probe's --sample-interval, 5s. For the
    /// whole cluster: refused beside a selector, and accepted only in the operator's root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "reporting_interval")]
    pub reporting_interval: Option<Duration>,

    /// Maximum numbers of series and connections that each probe keeps. For the whole cluster: refused beside a
    /// selector, and accepted only in the operator's root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budgets: Option<Budgets>,

    /// Maximums for each namespace. For the whole cluster: refused beside a selector, and accepted only in the
    /// operator's root namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,

    /// Series of single connections, the set kmesh-connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_connections: Option<LongConnections>,

    /// The series sets that are exported for the pods, instead of those of a broader object; an empty list means none.
    /// Default: istio, kmesh-connection, longwire and longwire-locality, without istio for pods whose own mesh already exports istio_tcp_*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "series_sets")]
    pub series_sets: Option<Vec<String>>,

    /// Changes to single metrics, at most 64, merged with those of broader objects by metric, reporter and tag: a later
    /// entry of this list overrides an earlier one, and a narrower object a broader one. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_OVERRIDES))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub overrides: Option<Vec<Override>>,

    /// Overrides and the reporting interval as Istio's Telemetry has them, at most 4 entries, so that one becomes a
    /// TelemetryPolicy by its apiVersion and kind. They are read before overrides. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_METRICS))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub metrics: Option<Vec<TelemetryMetrics>>,

    /// Labels for the zones and regions of both ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<Locality>,

    /// Lines of a log about the pods' connections, each field merged with those of broader objects. Default: nothing is
    /// logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,

    /// Receivers of metrics and access logs beside the scrape and the probe's standard output, at most 8 in the cluster, by
    /// name: of two with one name the older object's counts. For the whole cluster: refused beside a selector, and accepted
    /// only in the operator's root namespace. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_EXPORTERS))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub exporters: Option<Vec<Exporter>>,
}

/// Limits of what each probe keeps.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Budgets {
    /// Maximum number of series in a scrape of one probe, 1 to 10000000, without those of single connections. Beyond it,
    /// new label sets are counted in the overflow series, so that sums stay exact. Default: the probe's --max-series, 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_SERIES))]
    pub series: Option<u32>,

    /// Maximum number of connections of one probe with series of their own at a time, 0 to 1000000: the oldest ones, and of
    /// about the same age those with the most bytes, until they end. The others are counted in the overflow series.
    /// Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = MAX_LONG_CONNECTIONS))]
    pub long_connections: Option<u32>,
}

/// Maximums for each namespace.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Maximum number of extra tags of one pod, 0 to 32. Those of broader objects come first, then by name; tags beyond it
    /// are dropped, and the condition Conflicted of their object says so. Default: 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = MAX_TAGS))]
    pub extra_tags: Option<u32>,

    /// Maximum number of series of the pods of one namespace on one probe, 1 to 10000000, without those of single
    /// connections, of which it has the same share. Beyond it, the namespace's new label sets are counted in an overflow
    /// series of its own. Default: a third of the budget of the probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_SERIES))]
    pub series_per_namespace: Option<u32>,
}

/// Which connections have series of their own.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LongConnections {
    /// Whether connections older than the threshold have series of their own, where the set kmesh-connection is on.
    /// Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// The age from which a connection has series of its own: 1s to 1h. Default: the probe's --long-connection-threshold,
    /// 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "threshold")]
    pub threshold: Option<Duration>,
}

/// Labels for the zones and regions of both ends.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Locality {
    /// Whether all series of TCP but those of longwire-locality have the labels source_zone, source_region, destination_zone
    /// and destination_region, from the labels topology.kubernetes.io/zone and topology.kubernetes.io/region of the nodes.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

fn reporting_interval(_: &mut SchemaGenerator) -> Schema {
    duration::between(MIN_DURATION, MAX_INTERVAL)
}

fn threshold(_: &mut SchemaGenerator) -> Schema {
    duration::between(MIN_DURATION, MAX_THRESHOLD)
}

fn series_sets(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": SeriesSet::NAMED.len(),
        "items": { "type": "string", "enum": series_set_names() },
        "x-kubernetes-list-type": "set",
    })
}
