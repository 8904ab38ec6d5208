//! Label names, in the order of the exposition.

/// Istio's standard TCP labels (23): one set an edge and reporter.
pub const SERVICE_LABELS: [&str; 23] = [
    "reporter",
    "source_workload",
    "source_canonical_service",
    "source_canonical_revision",
    "source_workload_namespace",
    "source_principal",
    "source_app",
    "source_version",
    "source_cluster",
    "destination_service",
    "destination_service_namespace",
    "destination_service_name",
    "destination_workload",
    "destination_canonical_service",
    "destination_canonical_revision",
    "destination_workload_namespace",
    "destination_principal",
    "destination_app",
    "destination_version",
    "destination_cluster",
    "request_protocol",
    "response_flags",
    "connection_security_policy",
];

/// Kmesh's workload labels (23): one set a source workload, destination pod and reporter.
pub const WORKLOAD_LABELS: [&str; 23] = [
    "reporter",
    "source_workload",
    "source_canonical_service",
    "source_canonical_revision",
    "source_workload_namespace",
    "source_principal",
    "source_app",
    "source_version",
    "source_cluster",
    "destination_pod_address",
    "destination_pod_namespace",
    "destination_pod_name",
    "destination_workload",
    "destination_canonical_service",
    "destination_canonical_revision",
    "destination_workload_namespace",
    "destination_principal",
    "destination_app",
    "destination_version",
    "destination_cluster",
    "request_protocol",
    "response_flags",
    "connection_security_policy",
];

/// Kmesh's long connection labels (29): one set a connection.
pub const CONNECTION_LABELS: [&str; 29] = [
    "reporter",
    "start_time",
    "source_workload",
    "source_canonical_service",
    "source_canonical_revision",
    "source_workload_namespace",
    "source_principal",
    "source_app",
    "source_version",
    "source_cluster",
    "source_address",
    "destination_address",
    "destination_pod_address",
    "destination_pod_namespace",
    "destination_pod_name",
    "destination_service",
    "destination_service_namespace",
    "destination_service_name",
    "destination_workload",
    "destination_canonical_service",
    "destination_canonical_revision",
    "destination_workload_namespace",
    "destination_principal",
    "destination_app",
    "destination_version",
    "destination_cluster",
    "request_protocol",
    "response_flags",
    "connection_security_policy",
];

/// Envoy's cluster, and the pod whose proxy would report it: one set a pod and cluster.
pub const ENVOY_LABELS: [&str; 3] = ["cluster_name", "source_pod_namespace", "source_pod_name"];

/// Two workloads and a scope: one set a pair of workloads, scope and reporter.
pub const LOCALITY_LABELS: [&str; 6] = [
    "reporter",
    "source_workload",
    "source_workload_namespace",
    "destination_workload",
    "destination_workload_namespace",
    "scope",
];

/// The extra label of `longwire_tcp_locality_bytes_total`.
pub const DIRECTION: &str = "direction";

/// Its values, as Istio names the directions: from server to client, and back.
pub const DIRECTIONS: [&str; 2] = ["sent", "received"];

/// The extra label of `longwire_tcp_connections_failed_total`.
pub const REASON: &str = "reason";

/// The value of every identifying label of an overflow aggregate.
pub const OVERFLOW: &str = "overflow";
