//! A node with operator and probe, shared by all tests that only need pods of their own on it.

use anyhow::Result;
use longwire_testkit::{Cluster, Edge, PodSpec};
use std::net::TcpStream;
use std::sync::OnceLock;

const PLAIN_PODS: usize = 100;

/// A label value with all characters that the formats escape, and more.
pub(crate) const HOSTILE: &str = "a \"quoted\" back\\slash,\nnew line, {brace} = 🦀 \\n";

/// A pod with Envoy's statistics.
pub(crate) const PROXIED: &str = "proxied";

/// Not dropped: all of it ends with the process.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let specs = [
        PodSpec::new("hostile").label("app.kubernetes.io/name", HOSTILE),
        PodSpec::new("meshed").annotation("sidecar.istio.io/status", "{\"version\":\"1\"}"),
        PodSpec::new("labelled")
            .label("service.istio.io/canonical-name", "checkout")
            .label("service.istio.io/canonical-revision", "blue"),
        PodSpec::new("remote").elsewhere(),
        PodSpec::new("distant").elsewhere(),
        PodSpec::new(PROXIED).annotation("sidecar.istio.io/statsInclusionPrefixes", "cluster.outbound"),
        PodSpec::new("chosen").annotation("telemetry.longwire.io/series-sets", "istio,kmesh-workload"),
    ];
    let started = CLUSTER.get_or_init(|| Cluster::start(PLAIN_PODS, &specs, &[]).map_err(|error| format!("{error:#}")));
    started.as_ref().unwrap_or_else(|error| panic!("operator and probe did not start: {error}"))
}

/// A connection between two pods that no other test has: its edge, and both ends. Nobody listens any more.
pub(crate) fn connect() -> Result<(Edge, TcpStream, TcpStream)> {
    let pair = cluster().pair()?;
    let (near, far) = pair.connect()?;
    Ok((pair.edge, near, far))
}
