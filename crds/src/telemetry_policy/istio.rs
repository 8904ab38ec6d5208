//! The spelling of Istio's Telemetry: what it calls metrics and reporters, and where it has overrides.

use super::Override;
use crate::Duration;
use crate::limits::MAX_METRICS_OVERRIDES;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Istio's name of a metric, and its name in a scrape.
pub const METRIC_ALIASES: [(&str, &str); 4] = [
    ("TCP_OPENED_CONNECTIONS", "istio_tcp_connections_opened_total"),
    ("TCP_CLOSED_CONNECTIONS", "istio_tcp_connections_closed_total"),
    ("TCP_SENT_BYTES", "istio_tcp_sent_bytes_total"),
    ("TCP_RECEIVED_BYTES", "istio_tcp_received_bytes_total"),
];

/// As if no metric were named.
pub const ALL_METRICS: &str = "ALL_METRICS";

/// Metrics of requests. Connections have none, so an override of them changes nothing.
pub const REQUEST_METRICS: [&str; 6] = [
    "REQUEST_COUNT",
    "REQUEST_DURATION",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "GRPC_REQUEST_MESSAGES",
    "GRPC_RESPONSE_MESSAGES",
];

/// The only provider of metrics: a scrape.
pub const PROVIDER: &str = "prometheus";

/// Which end reports, in Istio's words.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    Client,
    Server,
    ClientAndServer,
}

/// Settings of metrics, where Istio's Telemetry has them.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TelemetryMetrics {
    /// Whose metrics these are. Only prometheus, because a scrape and every exporter get the same. Default: prometheus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "providers")]
    pub providers: Option<Vec<Provider>>,

    /// As spec.overrides, which come after these; at most 32 here, and 64 in the whole object. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_METRICS_OVERRIDES), extend("x-kubernetes-list-type" = "atomic"))]
    pub overrides: Option<Vec<Override>>,

    /// As spec.reportingInterval, beside which it must not be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::reporting_interval")]
    pub reporting_interval: Option<Duration>,
}

/// Istio's reference to a provider.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    pub name: String,
}

fn providers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "name": { "type": "string", "enum": [PROVIDER], "description": "Name of the provider: prometheus." },
            },
            "required": ["name"],
        },
        "x-kubernetes-list-type": "atomic",
    })
}
