//! Edge: the connections from one workload to another one by a Service, added up.

mod columns;

use crate::end::{Directions, ServiceReference};
use crate::resources::{KindSchemas, LiveResource, Scope, Verb};
use columns::COLUMNS;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which connections are added up. It does not change.
#[derive(CustomResource, JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[kube(
    group = "live.telemetry.longwire.io",
    version = "v1alpha1",
    kind = "Edge",
    plural = "edges",
    namespaced,
    status = "EdgeStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct EdgeSpec {
    /// The workload that opened the connections. Empty: outside the cluster, or not known.
    #[serde(default)]
    pub source: WorkloadReference,

    /// The workload that accepted the connections. Empty: outside the cluster, or not known.
    #[serde(default)]
    pub destination: WorkloadReference,

    /// The Service that the connections count for, with all its ports. Left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceReference>,
}

/// A workload, such as a Deployment. What is not known is left out.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadReference {
    /// Namespace of the workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Name of the workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
}

/// Sums over the connections. Each connection counts once, also if probes see both of its ends.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EdgeStatus {
    /// Since when the connections are added up: since somebody lists or watches edges of one of the namespaces. Counts and bytes
    /// begin there at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<MicroTime>,

    /// Connections that are open now.
    pub open: u64,

    /// Connections that were established since then.
    pub opened: u64,

    /// Connections that were closed since then. Those that were open before are among them.
    pub closed: u64,

    /// Connections that were never established and were given up since then, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, u64>,

    /// Connections that are not open any more, of whose end no probe has told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vanished: u64,

    /// Bytes of payload since then.
    #[serde(default)]
    pub bytes: Directions,

    /// Bytes of payload a second, over the last five seconds.
    #[serde(default)]
    pub bytes_per_second: Directions,

    /// Quantiles of round-trip times over the connections that are open or ended in the last minute. Of each counts the smoothed time
    /// that the source's kernel had last, or the destination's if no probe sees the source. Left out if none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_microseconds: Option<Quantiles>,

    /// Part of the bytes that both ends sent which were retransmissions since then, between 0 and 1. Left out if nothing was sent. An
    /// end that no probe sees does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmit_ratio: Option<f64>,

    /// Bytes that both ends have retransmitted since then.
    #[serde(default)]
    pub retransmitted_bytes: u64,

    /// Segments that both ends have retransmitted since then, SYN and FIN included.
    #[serde(default)]
    pub retransmits: u64,

    /// Segments that both kernels took for lost since then.
    #[serde(default)]
    pub lost_packets: u64,
}

/// So many of the connections have this value or a smaller one.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Quantiles {
    /// Half of them.
    pub p50: u32,

    /// 95 of 100.
    pub p95: u32,

    /// 99 of 100.
    pub p99: u32,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The resource.
pub const EDGES: LiveResource = LiveResource {
    kind: "Edge",
    plural: "edges",
    singular: "edge",
    short_names: &["lwedge"],
    description: "Edge is the sum of the TCP connections from one workload to another one by a Service, while somebody looks. One of \
                  both workloads is in the namespace.",
    scope: Scope::Namespaced,
    verbs: &[Verb::Get, Verb::List, Verb::Watch],
    fields: &[
        "metadata.name",
        "metadata.namespace",
        "source",
        "destination",
        "workload",
        "namespace",
        "service",
        "spec.source.workload",
        "spec.source.namespace",
        "spec.destination.workload",
        "spec.destination.namespace",
        "spec.service.name",
        "spec.service.namespace",
    ],
    columns: COLUMNS,
    schemas: KindSchemas::of::<EdgeSpec, EdgeStatus>,
};
