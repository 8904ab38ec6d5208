//! Longwire in the cluster: its images, its objects, and what its probes say.

pub mod replica;

use super::Kubernetes;
use super::helm::Helm;
use super::layout::{NODES, address};
use super::namespace;
use crate::scrape::{Format, Scrape};
use crate::wait::eventually;
use crate::{http, probe};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::sync::OnceLock;
use std::time::Duration;

/// Where it is installed.
pub const NAMESPACE: &str = "longwire-system";

/// As people install it, with Helm: the kinds, an operator of two replicas, a probe on each node. Once a process; waits until
/// all are ready.
pub fn install(kubernetes: &Kubernetes) -> Result<()> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| install_all(kubernetes).map_err(|error| format!("{error:#}")));
    installed.clone().map_err(|error| anyhow!("Longwire is not installed: {error}"))
}

fn install_all(kubernetes: &Kubernetes) -> Result<()> {
    load(kubernetes)?;
    let installed = Helm::Three.bring(kubernetes, "upgrade", NAMESPACE, &[]);
    installed.map(drop).with_context(|| logs(kubernetes))
}

/// Makes both nodes know the images.
pub fn load(kubernetes: &Kubernetes) -> Result<()> {
    ["longwire-operator", "longwire-probe"].iter().try_for_each(|program| kubernetes.load_program(program).map(drop))
}

/// Waits until all pods of it are ready.
pub fn rolled_out(kubernetes: &Kubernetes, what: &str) -> Result<()> {
    let words = ["--namespace", NAMESPACE, "rollout", "status", what, "--timeout=60s"];
    kubernetes.kubectl(&words).map(drop).with_context(|| logs(kubernetes))
}

/// The last words of every replica and probe.
#[must_use]
pub fn logs(kubernetes: &Kubernetes) -> String {
    let of = |program: &str| {
        let selector = format!("--selector=app={program}");
        let words = ["--namespace", NAMESPACE, "logs", "--prefix", "--tail=20", &selector];
        kubernetes.kubectl(&words).unwrap_or_else(|error| format!("no logs of {program}: {error:#}"))
    };
    format!("{}{}", of("longwire-operator"), of("longwire-probe"))
}

/// One path of the probe on a node.
pub fn get(node: &str, path: &str) -> Result<http::Response> {
    http::get_from((address(node), probe::PORT).into(), path)
}

/// The metrics of the probe on a node, for a reader with this token.
pub fn read_as(node: &str, token: &str) -> Result<http::Response> {
    http::get_as((address(node), probe::PORT).into(), "/metrics", token)
}

/// What the probe of a node says of all tests that go on.
pub fn scrape(node: &str) -> Result<Scrape> {
    let response = get(node, "/metrics")?;
    ensure!(response.status == 200, "/metrics of {node} says {}", response.status);
    let page = String::from_utf8(response.body)?;
    let page: String = page.split_inclusive('\n').filter(|line| !namespace::has_ended(line)).collect();
    Scrape::parse(&page, Format::Text)
}

/// What the probes of both nodes say, as one.
pub fn scrape_all() -> Result<Scrape> {
    let mut all = Scrape::default();
    for node in NODES {
        all.samples.extend(scrape(node)?.samples);
    }
    Ok(all)
}

/// Waits until `check` is content with what both say.
pub fn until<T>(kubernetes: &Kubernetes, mut check: impl FnMut(&Scrape) -> Result<T>) -> Result<T> {
    eventually(Duration::from_secs(20), || check(&scrape_all()?)).with_context(|| logs(kubernetes))
}

/// Waits until each node shows a series of the Kubernetes namespace whose label `edit` has this value. It searches the pages
/// and does not parse them, which would take longer than the edit.
pub fn await_edit(namespace: &str, edit: &str, patience: Duration) -> Result<()> {
    let labels = [format!("edit=\"{edit}\""), format!("source_workload_namespace=\"{namespace}\"")];
    for node in NODES {
        eventually(patience, || {
            let page = String::from_utf8(get(node, "/metrics")?.body)?;
            let mut series = page.lines().filter(|line| line.starts_with("istio_tcp_sent_bytes_total{"));
            let is_shown = series.any(|line| labels.iter().all(|label| line.contains(label)));
            ensure!(is_shown, "{node} does not show edit {edit}");
            Ok(())
        })?;
    }
    Ok(())
}

/// An object of one of our kinds, as YAML; `spec` in one line.
#[must_use]
pub fn object(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// The replica that serves.
#[derive(Clone, Debug)]
pub struct Holder {
    pub pod: String,
    pub uid: String,
    /// Where it listens.
    pub address: String,
}

/// Who holds the Lease, as its identity says.
pub fn holder(kubernetes: &Kubernetes) -> Result<Holder> {
    let identity = "jsonpath={.spec.holderIdentity}";
    let words = ["--namespace", NAMESPACE, "get", "lease", "longwire-operator", "-o", identity];
    let said = kubernetes.kubectl(&words)?;
    let parts: Vec<&str> = said.trim().split('_').collect();
    let [pod, uid, address] = parts[..] else { bail!("{said:?} is no identity") };
    Ok(Holder { pod: pod.to_owned(), uid: uid.to_owned(), address: address.to_owned() })
}
