//! Access logs: which events of connections are logged as a line each, and how a line is written.

use crate::limits::{
    MAX_EXPORTER_NAME, MAX_EXPORTERS, MAX_EXPRESSION_BYTES, MAX_FORMAT_BYTES, MAX_LOG_INTERVAL, MAX_LOG_RATE,
    MAX_MIN_DURATION, MAX_TIME_BYTES, MIN_DURATION,
};
use crate::{Duration, duration};
use longwire_model::access_log::{LogEvent, LogFormat};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::time;

/// The names of the events, as the schema lists them.
#[must_use]
pub fn log_event_names() -> [&'static str; 4] {
    LogEvent::ALL.map(LogEvent::name)
}

/// A time as RFC 3339 has it, of years that Kubernetes and the operator both read.
const TIME: &str =
    "^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// What is logged of the pods' connections, and how.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogs {
    /// Whether connections of the pods are logged. The annotation telemetry.longwire.io/access-log of a pod goes before it.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// The events of a connection that have a line: connect, when it is established; periodic, in the interval while it
    /// lives; close, when it ended; failed, when it was never established. An empty list means none. Default: close and
    /// failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "events")]
    pub events: Option<Vec<String>>,

    /// The time between two periodic lines of a connection: 1s to 1h, and at least the reporting interval, because a
    /// connection is read once in that time. Default: 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "interval")]
    pub interval: Option<Duration>,

    /// The age from which a connection has periodic lines and a line when it ends: 0s to 24h. The events connect and failed
    /// do not depend on it. Default: 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "min_duration")]
    pub min_duration: Option<Duration>,

    /// A CEL expression that is true for events to log, at most 512 bytes, such as destination.port == 5432. One that
    /// cannot be evaluated is not true. Attributes and functions: docs/expressions.md; those of what has happened to a
    /// connection: docs/logs-and-exports.md. Default: every event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_EXPRESSION_BYTES))]
    pub filter: Option<String>,

    /// The share of the connections that are logged, in percent, 0 to 100; both ends choose the same ones. Failed
    /// connections always have their line. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "sample")]
    pub sample: Option<f64>,

    /// Maximum number of lines a second, 1 to 100000: of each pod; in an object for the whole cluster, of all pods of each
    /// node together. Lines beyond it are left out and counted. Default: 10000 of a node, and half of the node's for a pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_LOG_RATE))]
    pub rate_limit: Option<u32>,

    /// The time from which nothing is logged any more, such as 2026-12-31T18:00:00Z. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "until")]
    pub until: Option<String>,

    /// Where lines are written: stdout, the standard output of the probe, and names of exporters, at most 9. Default: stdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "exporters")]
    pub exporters: Option<Vec<String>>,

    /// How a line is written: json, istio, ztunnel or kmesh; in the root namespace also a format string with command
    /// operators of Envoy such as %START_TIME% %BYTES_SENT%, at most 2048 bytes. Default: json.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "format")]
    pub format: Option<String>,
}

fn events(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": LogEvent::ALL.len(),
        "items": { "type": "string", "enum": log_event_names() },
        "x-kubernetes-list-type": "set",
    })
}

fn interval(_: &mut SchemaGenerator) -> Schema {
    duration::between(MIN_DURATION, MAX_LOG_INTERVAL)
}

fn min_duration(_: &mut SchemaGenerator) -> Schema {
    duration::between(time::Duration::ZERO, MAX_MIN_DURATION)
}

fn exporters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_EXPORTERS + 1,
        "items": { "type": "string", "minLength": 1, "maxLength": MAX_EXPORTER_NAME },
        "x-kubernetes-list-type": "set",
    })
}

/// Without the format of a floating-point number, of which Kubernetes knows nothing.
fn sample(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "number", "minimum": 0, "maximum": 100 })
}

fn until(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time", "maxLength": MAX_TIME_BYTES, "pattern": TIME })
}

fn format(_: &mut SchemaGenerator) -> Schema {
    let presets = LogFormat::PRESETS;
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_FORMAT_BYTES,
        "x-kubernetes-validations": [{
            "rule": format!("self in {presets:?} || self.contains('%')").replace('"', "'"),
            "message": format!("must be one of {}, or a format string with operators such as %BYTES_SENT%", presets.join(", ")),
        }],
    })
}
