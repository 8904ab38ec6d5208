//! A real Kiali in the cluster, with the configuration of docs/kiali.md, and its graphs.

use crate::Kubernetes;
use crate::kiali::{Edges, GraphType, Name, Node, Traffic, View};
use crate::layout::{script, text};
use anyhow::{Context, Result, bail, ensure};
use longwire_testkit::{command, eventually, http};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

const PAGE: &str = include_str!("../../../../docs/kiali.md");
/// As on the page; this name does not resolve here.
const PROMETHEUS: &str = "http://prometheus.monitoring:9090";
const NAMESPACE: &str = "kiali";
const PORT: u16 = 20001;

/// Removed when dropped, with its namespace.
#[derive(Debug)]
pub struct Kiali<'a> {
    kubernetes: &'a Kubernetes,
    address: SocketAddr,
    manifests: String,
}

impl<'a> Kiali<'a> {
    /// A Kiali that queries this Prometheus, which pods must reach.
    pub fn start(kubernetes: &'a Kubernetes, prometheus: SocketAddr) -> Result<Self> {
        let (address, manifests) = deploy(kubernetes, prometheus)?;
        Ok(Self { kubernetes, address, manifests })
    }

    /// The graph of a namespace over the minute before a moment, in seconds since 1970.
    pub fn draw(&self, namespace: &str, view: View, moment: f64) -> Result<Edges> {
        let graph = match view.graph {
            GraphType::Workload => "workload",
            GraphType::App => "app",
            GraphType::VersionedApp => "versionedApp",
            GraphType::Service => "service",
        };
        let traffic = match view.traffic {
            Traffic::Sent => "sent",
            Traffic::Received => "received",
            Traffic::Total => "total",
        };
        let path = format!(
            "/api/namespaces/graph?namespaces={namespace}&graphType={graph}&injectServiceNodes={}&duration=60s\
             &queryTime={moment:.0}&rateTcp={traffic}&rateHttp=none&rateGrpc=none",
            view.with_services
        );
        let response = http::get_from(self.address, &path)?;
        let said = String::from_utf8_lossy(&response.body);
        ensure!(response.status == 200, "{path} answers {}: {said}", response.status);
        edges(&serde_json::from_str(&said)?, view.graph).context(path)
    }
}

impl Drop for Kiali<'_> {
    fn drop(&mut self) {
        // Remains are removed with the cluster.
        let _ = self.kubernetes.delete(&self.manifests);
    }
}

/// Deploys one that queries this Prometheus, and waits until it is healthy. Returns its address and its manifests.
pub fn deploy(kubernetes: &Kubernetes, prometheus: SocketAddr) -> Result<(SocketAddr, String)> {
    let archive = command::converse(text(&script("kiali"))?, &[])?;
    kubernetes.load_image(archive.trim().as_ref())?;
    let configuration = PAGE.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```"));
    let (configuration, _) = configuration.context("docs/kiali.md has no configuration")?;
    ensure!(configuration.contains(PROMETHEUS), "docs/kiali.md has another Prometheus than {PROMETHEUS}");
    let manifests = manifests(&configuration.replace(PROMETHEUS, &format!("http://{prometheus}")));
    kubernetes.apply(&manifests)?;
    let address = eventually(crate::PATIENCE, || {
        let pod = ["--namespace", NAMESPACE, "pod", "kiali"];
        let address = SocketAddr::new(kubernetes.address(&pod, "{.status.podIP}")?, PORT);
        ensure!(http::get_from(address, "/healthz")?.status == 200, "it is not healthy");
        Ok(address)
    });
    let log = || kubernetes.kubectl(&["--namespace", NAMESPACE, "logs", "kiali"]).unwrap_or_default();
    let address = address.with_context(log);
    if address.is_err() {
        let _ = kubernetes.delete(&manifests);
    }
    Ok((address?, manifests))
}

fn manifests(configuration: &str) -> String {
    let metadata = json!({"name": "kiali", "namespace": NAMESPACE});
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "kiali"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "kiali", "namespace": NAMESPACE}],
        }),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"config.yaml": configuration}}),
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {
                "serviceAccountName": "kiali", "terminationGracePeriodSeconds": 0,
                "containers": [{
                    "name": "kiali", "image": "e2e.local/kiali:1", "imagePullPolicy": "Never",
                    "volumeMounts": [{"name": "configuration", "mountPath": "/kiali-configuration"}],
                }],
                "volumes": [{"name": "configuration", "configMap": {"name": "kiali"}}],
            },
        }),
    ];
    objects.map(|object| object.to_string()).join("\n---\n")
}

/// Fails if Kiali marks a node as inaccessible.
fn edges(graph: &Value, kind: GraphType) -> Result<Edges> {
    let list = |what: &str| {
        let list = graph["elements"][what].as_array().with_context(|| format!("no {what}"))?;
        anyhow::Ok(list.iter().map(|element| &element["data"]))
    };
    let mut nodes = BTreeMap::new();
    for data in list("nodes")?.filter(|data| data["nodeType"] != "box") {
        // Kiali cannot access a namespace outside the cluster.
        let is_outside = data["cluster"] == "unknown";
        ensure!(data["isDead"].is_null() && (is_outside || data["isInaccessible"].is_null()), "doubted: {data}");
        nodes.insert(data["id"].as_str().context("a node without id")?, node(data, kind)?);
    }
    let mut edges = Edges::new();
    for data in list("edges")? {
        let end = |end: &str| {
            data[end].as_str().and_then(|id| nodes.get(id)).cloned().with_context(|| format!("no {end}: {data}"))
        };
        let rate = data["traffic"]["rates"]["tcp"].as_str().with_context(|| format!("no TCP: {data}"))?.parse()?;
        ensure!(edges.insert((end("source")?, end("target")?), rate).is_none(), "twice: {data}");
    }
    Ok(edges)
}

fn node(data: &Value, kind: GraphType) -> Result<Node> {
    let field = |name: &str| data[name].as_str().with_context(|| format!("no {name}: {data}"));
    let (cluster, namespace) = (field("cluster")?, field("namespace")?);
    let named = |by: &str| anyhow::Ok(Name::new(cluster, namespace, field(by)?));
    Ok(match data["nodeType"].as_str().context("a node of no type")? {
        "service" => Node::Service(named("service")?),
        "workload" => Node::Workload(named("workload")?),
        "app" if kind == GraphType::VersionedApp => Node::App(named("workload")?),
        "app" => Node::App(named("app")?),
        "unknown" => Node::Unknown { cluster: cluster.to_owned() },
        other => bail!("a node of type {other}: {data}"),
    })
}
