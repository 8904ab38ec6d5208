//! Longwire in the cluster: its images, its objects, and the metrics of its probes.

pub mod replica;

use super::Kubernetes;
use super::helm::Helm;
use super::layout::{NODES, address};
use super::namespace::{self, Namespace};
use anyhow::{Context, Result, anyhow, bail, ensure};
use longwire_testkit::{Format, REPORTERS, Scrape, confirm, eventually, http, probe};
use std::sync::OnceLock;
use std::time::Duration;

/// Namespace of the installation.
pub const NAMESPACE: &str = "longwire-system";
/// Its workloads, for `kubectl rollout`.
pub const OPERATOR: &str = "deployment/longwire-operator";
pub const PROBE: &str = "daemonset/longwire-probe";

/// Installs it with Helm: CRDs, two replicas of the operator, a probe on each node. Once for each process; waits until
/// all are ready.
pub fn install(kubernetes: &Kubernetes) -> Result<()> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| install_all(kubernetes).map_err(|error| format!("{error:#}")));
    installed.clone().map_err(|error| anyhow!("Longwire is not installed: {error}"))
}

/// The shared cluster with Longwire on it, and a namespace for one test.
pub fn installed() -> Result<(&'static Kubernetes, Namespace<'static>)> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace()?;
    install(kubernetes).map(|()| (kubernetes, namespace))
}

/// The same for a test that stops daemons.
pub fn alone() -> Result<(&'static Kubernetes, Namespace<'static>)> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    install(kubernetes).map(|()| (kubernetes, namespace))
}

fn install_all(kubernetes: &Kubernetes) -> Result<()> {
    load(kubernetes)?;
    let installed = Helm::Three.bring(kubernetes, "upgrade", NAMESPACE, &[]);
    installed.map(drop).with_context(|| logs(kubernetes))?;
    connected(kubernetes)
}

/// Imports the images on both nodes.
pub fn load(kubernetes: &Kubernetes) -> Result<()> {
    ["longwire-operator", "longwire-probe"].iter().try_for_each(|program| kubernetes.load_program(program).map(drop))
}

/// Output of kubectl in its namespace.
pub fn kubectl(kubernetes: &Kubernetes, words: &[&str]) -> Result<String> {
    kubernetes.kubectl(&[&["--namespace", NAMESPACE], words].concat())
}

/// What `kubectl get` prints of its objects for a JSONPath.
pub fn json_path(kubernetes: &Kubernetes, objects: &[&str], path: &str) -> Result<String> {
    kubernetes.json_path(&[&["--namespace", NAMESPACE], objects].concat(), path)
}

/// Name and UID of the probe's pod on a node.
pub fn probe_of(kubernetes: &Kubernetes, node: &str) -> Result<(String, String)> {
    let pod = ["pods", "--selector=app=longwire-probe", &format!("--field-selector=spec.nodeName={node}")];
    let said = json_path(kubernetes, &pod, "{.items[0].metadata.name} {.items[0].metadata.uid}")?;
    let (name, uid) = said.trim().split_once(' ').context("no probe")?;
    Ok((name.to_owned(), uid.to_owned()))
}

/// The whole log of all pods of a program, each line with its pod.
pub fn log(kubernetes: &Kubernetes, program: &str) -> Result<String> {
    let selector = format!("--selector=app={program}");
    kubectl(kubernetes, &["logs", "--prefix", "--tail=-1", "--max-log-requests=9", &selector])
}

/// Sets the number of the operator's replicas.
pub fn scale(kubernetes: &Kubernetes, replicas: usize) -> Result<()> {
    kubectl(kubernetes, &["scale", OPERATOR, &format!("--replicas={replicas}")]).map(drop)
}

/// Waits until operator and probes are ready.
pub fn all_rolled_out(kubernetes: &Kubernetes) -> Result<()> {
    [OPERATOR, PROBE].iter().try_for_each(|what| rolled_out(kubernetes, what))
}

/// Waits until all its pods are ready.
pub fn rolled_out(kubernetes: &Kubernetes, what: &str) -> Result<()> {
    kubectl(kubernetes, &["rollout", "status", what, "--timeout=60s"]).map(drop).with_context(|| logs(kubernetes))
}

/// The ends of the logs of every replica and probe.
pub fn logs(kubernetes: &Kubernetes) -> String {
    let of = |program: &str| {
        let selector = format!("--selector=app={program}");
        let said = kubectl(kubernetes, &["logs", "--prefix", "--tail=20", &selector]);
        said.unwrap_or_else(|error| format!("no logs of {program}: {error:#}"))
    };
    format!("{}{}", of("longwire-operator"), of("longwire-probe"))
}

/// GET of one path of the probe on a node.
pub fn get(node: &str, path: &str) -> Result<http::Response> {
    http::get_from((address(node), probe::PORT).into(), path)
}

/// The metrics of the probe on a node, with this token.
pub fn read_as(node: &str, token: &str) -> Result<http::Response> {
    http::get_as((address(node), probe::PORT).into(), "/metrics", token)
}

/// The metrics of the probe on a node, without those of ended tests.
pub fn scrape(node: &str) -> Result<Scrape> {
    let response = get(node, "/metrics")?;
    ensure!(response.status == 200, "/metrics of {node} says {}", response.status);
    let page = String::from_utf8(response.body)?;
    let page: String = page.split_inclusive('\n').filter(|line| !namespace::has_ended(line)).collect();
    Scrape::parse(&page, Format::Text)
}

/// The metrics of both nodes' probes together.
pub fn scrape_all() -> Result<Scrape> {
    let mut all = Scrape::default();
    for node in NODES {
        all.samples.extend(scrape(node)?.samples);
    }
    Ok(all)
}

/// Waits until each probe has a stream to an operator. A connection that opens before that is `unknown` after some seconds, and a
/// probe may be between two replicas for that long when an installation has just begun.
pub fn connected(kubernetes: &Kubernetes) -> Result<()> {
    until(kubernetes, |_| {
        NODES.iter().try_for_each(|node| {
            let is_connected = scrape(node)?.sum("longwire_probe_operator_connected", &[]);
            confirm!(is_connected == 1, "the probe of {node} has no stream")
        })
    })
}

/// Waits until `check` accepts the metrics of both.
pub fn until<T>(kubernetes: &Kubernetes, mut check: impl FnMut(&Scrape) -> Result<T>) -> Result<T> {
    eventually(Duration::from_secs(60), || check(&scrape_all()?)).with_context(|| logs(kubernetes))
}

/// Waits until each node exposes a series of the namespace whose label `edit` has this value. Searches the text,
/// because parsing it would take longer than the edit.
pub fn await_edit(namespace: &str, edit: &str, patience: Duration) -> Result<()> {
    let labels = [format!("edit=\"{edit}\""), format!("source_workload_namespace=\"{namespace}\"")];
    for node in NODES {
        eventually(patience, || {
            let page = String::from_utf8(get(node, "/metrics")?.body)?;
            let mut series = page.lines().filter(|line| line.starts_with("istio_tcp_sent_bytes_total{"));
            let is_shown = series.any(|line| labels.iter().all(|label| line.contains(label)));
            confirm!(is_shown, "{node} does not show edit {edit}")
        })?;
    }
    Ok(())
}

/// Waits until both reporters of an edge from the namespace write this label in a family.
pub fn await_label(kubernetes: &Kubernetes, namespace: &str, family: &str, label: (&str, &str)) -> Result<()> {
    until(kubernetes, |scrape| {
        for reporter in REPORTERS {
            let labels = [label, ("source_workload_namespace", namespace), ("reporter", reporter)];
            ensure!(!scrape.select(family, &labels).is_empty(), "no {reporter} says {label:?}");
        }
        Ok(())
    })
}

/// An object of one of our CRDs, as YAML; `spec` in one line.
pub fn object(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// The leader.
#[derive(Clone, Debug)]
pub struct Holder {
    pub pod: String,
    pub uid: String,
    /// Its control address.
    pub address: String,
}

/// The holder of the Lease, by its identity.
pub fn holder(kubernetes: &Kubernetes) -> Result<Holder> {
    let said = json_path(kubernetes, &["lease", "longwire-operator"], "{.spec.holderIdentity}")?;
    let parts: Vec<&str> = said.trim().split('_').collect();
    let [pod, uid, address] = parts[..] else { bail!("{said:?} is no identity") };
    Ok(Holder { pod: pod.to_owned(), uid: uid.to_owned(), address: address.to_owned() })
}
