//! The origin of each label's value.

/// The origin of a label; both ends use the same rules.
pub(super) fn of(label: &str) -> &'static str {
    match label {
        "reporter" => "`source`: reported by the client's end; `destination`: by the server's",
        "start_time" => {
            "when the handshake completed, or the connection was adopted: UTC to the nanosecond, in Go's format, e.g. `2025-05-08 03:38:34.201259611 +0000 UTC`"
        }
        "source_address" => "the client's `ip:port`, as the reporting socket sees it; IPv6 in brackets",
        "destination_address" => {
            "the server's `ip:port`, as the reporting socket sees it: a Service's if the client requested one; IPv6 in brackets"
        }
        "destination_pod_address" => {
            "the server's own IP, behind any Service; the address that the socket sees if it is not known"
        }
        "cluster_name" => {
            "`outbound|port||host`: the Service and its port as Istio names a cluster; `PassthroughCluster`: no Service"
        }
        "source_pod_namespace" | "source_pod_name" => "the client's pod",
        "destination_pod_namespace" => "the server's pod",
        "destination_pod_name" => "the server's pod",
        "destination_service" => {
            "host name of the Service of the server's pod and port; of several, the requested one if both ends can know it, else the oldest; the requested one if the backend is unknown; `unknown` if the client connected to a pod's address and no Service has this port"
        }
        "destination_service_namespace" => "that Service's namespace, or the pod's if there is none",
        "destination_service_name" => "that Service's name; `PassthroughCluster`: the address is outside the cluster",
        "destination_cluster" => "the name of the workload's cluster, or of the Service's if only the Service is known",
        "scope" => "how far apart the ends are, as known when the connection opened",
        "request_protocol" => "`tcp`",
        "response_flags" => "`-`",
        "connection_security_policy" => "`unknown`: the kernel does not see mTLS",
        _ => of_either_end(label),
    }
}

fn of_either_end(label: &str) -> &'static str {
    match label.split_once('_').map_or(label, |(_, rest)| rest) {
        "workload" => "the controller's name by Istio's rules: a Deployment's, not its ReplicaSet's",
        "canonical_service" => {
            "first of the pod's labels `service.istio.io/canonical-name`, `app.kubernetes.io/name`, `app`; else the workload's name"
        }
        "canonical_revision" => {
            "first of the pod's labels `service.istio.io/canonical-revision`, `app.kubernetes.io/version`, `version`; else `latest`"
        }
        "workload_namespace" => "the pod's namespace",
        "principal" => "`unknown`: principals are mTLS identities",
        "app" => "as canonical service",
        "version" => "as canonical revision; `unknown` where the workload is",
        "cluster" => "the name of the workload's cluster",
        _ => "",
    }
}
