//! Where metrics and access logs are sent, beside the scrape and the probe's standard output.

use crate::limits::{
    MAX_ADDRESS_BYTES, MAX_EXPORT_INTERVAL, MAX_EXPORT_TIMEOUT, MAX_EXPORTER_NAME, MAX_LOG_FILE_MEBIBYTES,
    MAX_LOG_FILES, MAX_PACKET_BYTES, MAX_PAIR_KEY_BYTES, MAX_PAIR_VALUE_BYTES, MAX_PAIRS, MAX_PREFIX_BYTES,
    MAX_STATSD_ADDRESS_BYTES, MIN_DURATION, MIN_FLUSH, MIN_PACKET_BYTES,
};
use crate::{Duration, duration};
use kube::KubeSchema;
use longwire_model::exporter::{Compression, Flavor, Histograms, Protocol, Temporality};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an exporter of OpenTelemetry's protocol sends.
pub const SIGNALS: [&str; 2] = ["metrics", "logs"];
/// Lower-case letters, digits and dashes, as names of Kubernetes' objects.
const NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// A receiver, by a name that policies choose it by.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[x_kube(
    validation = Rule::new("[has(self.otlp), has(self.statsd), has(self.file)].filter(given, given).size() == 1")
        .message("must have exactly one of otlp, statsd and file"),
    validation = Rule::new("self.name != 'stdout'")
        .message("stdout is the standard output of the probe, which is always there: choose another name")
)]
#[serde(rename_all = "camelCase")]
pub struct Exporter {
    /// The name, unique in the cluster.
    #[schemars(schema_with = "name")]
    pub name: String,

    /// OpenTelemetry's protocol, for metrics and access logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp: Option<OtlpExporter>,

    /// Lines of statsd, for metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statsd: Option<StatsdExporter>,

    /// Files on the node, for access logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileExporter>,
}

/// A receiver of OpenTelemetry's protocol. What is left out is taken from the probe's environment variables
/// OTEL_EXPORTER_OTLP_*, and else has the default of OpenTelemetry's specification.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct OtlpExporter {
    /// The receiver's URL, such as http://collector.observability:4317. For http/protobuf the path of each signal is
    /// appended. Default: OTEL_EXPORTER_OTLP_ENDPOINT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_ADDRESS_BYTES), regex(pattern = "^https?://"))]
    pub endpoint: Option<String>,

    /// grpc or http/protobuf. Default: OTEL_EXPORTER_OTLP_PROTOCOL, http/protobuf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = Protocol::ALL.map(Protocol::name)))]
    pub protocol: Option<String>,

    /// What is sent: metrics, logs or both. Default: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "signals")]
    pub signals: Option<Vec<String>>,

    /// none or gzip. Default: OTEL_EXPORTER_OTLP_COMPRESSION, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = Compression::ALL.map(Compression::name)))]
    pub compression: Option<String>,

    /// For one request and its answer: 1s to 1m. Default: OTEL_EXPORTER_OTLP_TIMEOUT, 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "timeout")]
    pub timeout: Option<Duration>,

    /// Between two exports of metrics: 1s to 5m. Default: OTEL_METRIC_EXPORT_INTERVAL, 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "interval")]
    pub interval: Option<Duration>,

    /// cumulative: counters since their start; delta: what is new since the last export. Default:
    /// OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, cumulative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = Temporality::ALL.map(Temporality::name)))]
    pub temporality: Option<String>,

    /// Headers of each request, at most 32. They are no place for secrets: see secret. Default:
    /// OTEL_EXPORTER_OTLP_HEADERS, if endpoint is left out too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "pairs")]
    pub headers: Option<BTreeMap<String, String>>,

    /// Attributes of the resource beside those that the probe knows of itself, at most 32. Default:
    /// OTEL_RESOURCE_ATTRIBUTES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "pairs")]
    pub resource_attributes: Option<BTreeMap<String, String>>,

    /// The name of a Secret in exporters.secrets of the chart, which mounts it into the probes. Of its keys headers has lines
    /// name=value, ca.crt trusted certificates, tls.crt and tls.key the probe's own. Default: the certificates that
    /// OTEL_EXPORTER_OTLP_* name, if endpoint is left out too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "name")]
    pub secret: Option<String>,
}

/// A receiver of statsd's lines.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[x_kube(
    validation = Rule::new("!has(self.flushInterval) || !has(self.flushOnScrape) || !self.flushOnScrape")
        .message("must not have both flushInterval and flushOnScrape")
)]
#[serde(rename_all = "camelCase")]
pub struct StatsdExporter {
    /// udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH.
    #[schemars(length(min = 1, max = MAX_STATSD_ADDRESS_BYTES), regex(pattern = "^(udp|tcp|unix)://"))]
    pub address: String,

    /// How labels are written: statsd into a dotted name, dogstatsd as tags after the value, graphite as tags after the name.
    /// Default: dogstatsd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = Flavor::ALL.map(Flavor::name)))]
    pub flavor: Option<String>,

    /// Stands before each name, with a dot between. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_PREFIX_BYTES), regex(pattern = r"^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?$"))]
    pub prefix: Option<String>,

    /// Lines are joined up to so many bytes, 64 to 65000. For UDP a packet must fit into the network's. Default: 1432.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = MIN_PACKET_BYTES, max = MAX_PACKET_BYTES))]
    pub max_packet_bytes: Option<u32>,

    /// Between two times that values are sent: 1ms to 5m. Default: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "flush_interval")]
    pub flush_interval: Option<Duration>,

    /// true: values are sent whenever the probe is scraped, and not by themselves. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flush_on_scrape: Option<bool>,

    /// buckets: each bucket of a histogram is a counter, as in Prometheus; timers: each is a timer with a sample rate. Default:
    /// buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = Histograms::ALL.map(Histograms::name)))]
    pub histograms: Option<String>,
}

/// Files in exporters.logDirectory of the chart, one directory on each node.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct FileExporter {
    /// The size from which a file is renamed and a new one begun, in MiB, 1 to 1024. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_LOG_FILE_MEBIBYTES))]
    pub max_mebibytes: Option<u32>,

    /// Number of files with the one that is written, 1 to 100; the oldest is removed. Default: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_LOG_FILES))]
    pub max_files: Option<u32>,
}

fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX_EXPORTER_NAME, "pattern": NAME })
}

fn signals(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": SIGNALS.len(),
        "items": { "type": "string", "enum": SIGNALS },
        "x-kubernetes-list-type": "set",
    })
}

fn timeout(_: &mut SchemaGenerator) -> Schema {
    duration::between(MIN_DURATION, MAX_EXPORT_TIMEOUT)
}

fn interval(_: &mut SchemaGenerator) -> Schema {
    duration::between(MIN_DURATION, MAX_EXPORT_INTERVAL)
}

fn flush_interval(_: &mut SchemaGenerator) -> Schema {
    duration::between(MIN_FLUSH, MAX_EXPORT_INTERVAL)
}

fn pairs(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": MAX_PAIRS,
        "additionalProperties": { "type": "string", "maxLength": MAX_PAIR_VALUE_BYTES },
        "x-kubernetes-validations": [{
            "rule": format!("self.all(key, key != '' && size(key) <= {MAX_PAIR_KEY_BYTES})"),
            "message": format!("names must have 1 to {MAX_PAIR_KEY_BYTES} characters"),
        }],
    })
}
