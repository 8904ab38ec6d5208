//! Kiali's queries for the TCP traffic of a namespace.

/// Labels that it groups by. We have no label `app`: one that scraping adds would split series.
const GROUP: &str = "app,source_cluster,source_workload_namespace,source_workload,source_canonical_service,source_canonical_revision,destination_cluster,destination_service_namespace,destination_service,destination_service_name,destination_workload_namespace,destination_workload,destination_canonical_service,destination_canonical_revision,response_flags";

/// Further labels that it groups by when it shows mTLS.
pub const SECURITY: &str = "source_principal,destination_principal,connection_security_policy";

/// Bytes from the client's point of view; by default Kiali shows `Sent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    Sent,
    Received,
    Total,
}

impl Traffic {
    /// Istio's names are from the server's point of view.
    fn metrics(self) -> &'static [&'static str] {
        match self {
            Self::Sent => &["istio_tcp_received_bytes_total"],
            Self::Received => &["istio_tcp_sent_bytes_total"],
            Self::Total => &["istio_tcp_received_bytes_total", "istio_tcp_sent_bytes_total"],
        }
    }
}

/// For each metric: incoming to Services without workloads, incoming, outgoing; in order of precedence.
pub fn queries(traffic: Traffic, namespace: &str, seconds: u32) -> Vec<(&'static str, [String; 3])> {
    let ask = |metric: &str, reporter: &str, select: &str| {
        format!(
            "round(sum(rate({metric}{{reporter=~\"waypoint|{reporter}\",{select}}} [{seconds}s])) by ({GROUP}) > 0,0.001)"
        )
    };
    let of = |metric: &&'static str| {
        let unserviced = format!(
            "source_workload_namespace!=\"{namespace}\",destination_workload_namespace=\"unknown\",destination_workload=\"unknown\",destination_service=~\"^.+\\\\.{namespace}\\\\..+$\""
        );
        let incoming = format!("destination_workload_namespace=\"{namespace}\"");
        let outgoing = format!("source_workload_namespace=\"{namespace}\"");
        let asked = [
            ask(metric, "source", &unserviced),
            ask(metric, "destination", &incoming),
            ask(metric, "source", &outgoing),
        ];
        (*metric, asked)
    };
    traffic.metrics().iter().map(of).collect()
}
