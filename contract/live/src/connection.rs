//! Connection: one for each live TCP connection that touches a namespace, and those that ended lately.

mod columns;

use crate::end::{Directions, End, EndReport, ServiceReference};
use crate::resources::{KindSchemas, LiveResource, Scope, Verb};
use columns::COLUMNS;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who talks to whom. It does not change while the connection lives.
#[derive(CustomResource, JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "live.telemetry.longwire.io",
    version = "v1alpha1",
    kind = "Connection",
    plural = "connections",
    namespaced,
    status = "ConnectionStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSpec {
    /// The end that opened the connection.
    #[serde(default)]
    pub source: End,

    /// The end that accepted the connection.
    #[serde(default)]
    pub destination: End,

    /// The Service that the connection counts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceReference>,

    /// The Service that the source requested, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_service: Option<ServiceReference>,

    /// Address and port that the source connected to, such as a Service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_address: Option<String>,
}

/// What the connection has done so far.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    /// Open, Closed or Failed. A connection that was never established fails.
    pub phase: Phase,

    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// The end that closed it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<Side>,

    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<MicroTime>,

    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<MicroTime>,

    /// When a probe read its counters last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_time: Option<MicroTime>,

    /// How long it has lived, or lived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_milliseconds: Option<u64>,

    /// Bytes of payload since probes observe it. They never fall.
    #[serde(default)]
    pub bytes: Directions,

    /// Bytes of payload a second, between the last two reads.
    #[serde(default)]
    pub bytes_per_second: Directions,

    /// What the source's kernel says. Left out if no probe sees that end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EndReport>,

    /// What the destination's kernel says. Left out if no probe sees that end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<EndReport>,

    /// Time from the first SYN until it was established, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake_microseconds: Option<u64>,

    /// True if it was open before a probe observed it: bytes and retransmits begin there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,

    /// True if both ends cannot be joined, because one of them does not know the id that they share. The other end, if a probe
    /// sees it, is an object of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_ended: bool,
}

/// In which part of its life a connection is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Open,
    Closed,
    Failed,
}

/// One of both ends.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    Source,
    Destination,
}

/// The resource.
pub const CONNECTIONS: LiveResource = LiveResource {
    kind: "Connection",
    plural: "connections",
    singular: "connection",
    short_names: &["lwconn"],
    description: "Connection is a TCP connection that touches the namespace: one that lives, or one that ended in the last minute. Its \
                  name is the connection's id, which access logs have too.",
    scope: Scope::Namespaced,
    verbs: &[Verb::Get, Verb::List, Verb::Watch],
    fields: &[
        "metadata.name",
        "metadata.namespace",
        "source",
        "destination",
        "pod",
        "workload",
        "namespace",
        "node",
        "port",
        "service",
        "phase",
        "history",
        "status.phase",
        "spec.source.pod",
        "spec.source.workload",
        "spec.source.namespace",
        "spec.source.node",
        "spec.source.zone",
        "spec.source.address",
        "spec.destination.pod",
        "spec.destination.workload",
        "spec.destination.namespace",
        "spec.destination.node",
        "spec.destination.zone",
        "spec.destination.address",
        "spec.destination.port",
        "spec.service.name",
    ],
    columns: COLUMNS,
    schemas: KindSchemas::of::<ConnectionSpec, ConnectionStatus>,
};
