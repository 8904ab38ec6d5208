//! What is said of one end of a connection, and of a Service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One end of a connection. What is not known is left out.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct End {
    /// Name of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,

    /// Namespace of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Name of the workload that the pod belongs to, such as a Deployment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,

    /// The pod's node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,

    /// The node's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,

    /// IP address. A destination's is the server's own, not a Service's, where the kernel knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,

    /// TCP port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A Service.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceReference {
    /// Name of the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Namespace of the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// DNS name of the Service, such as web.shop.svc.cluster.local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,

    /// Port of the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A number for each direction of a connection.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Directions {
    /// From the source to the destination.
    pub from_source: u64,

    /// From the destination to the source.
    pub from_destination: u64,
}

/// What the kernel of one end says.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct EndReport {
    /// Smoothed round-trip time in microseconds. Left out until it was measured while the connection was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_microseconds: Option<u32>,

    /// Minimum round-trip time in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rtt_microseconds: Option<u32>,

    /// Segments that this end has retransmitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retransmits: Option<u64>,

    /// Bytes that this end has retransmitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retransmitted_bytes: Option<u64>,

    /// Segments of this end that its kernel takes for lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_packets: Option<u64>,

    /// True while this end's probe is not connected: its numbers are old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}
