//! The quick start of docs/install.md: a cluster with traffic, `helm install`, `helm test`, and a Prometheus that shows
//! the edges.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    Kubernetes, NODES, Namespace, helm::Helm, helm::RELEASE, layout::address, longwire, longwire::replica,
    talk::await_listening, talk::service, talk::serving, talk::talking,
};
use longwire_testkit::{Job, Netns, Prometheus, REPORTERS, Row, command, eventually, now, probe};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Half a minute is usual, and Helm gives up after two.
const READY: Duration = Duration::from_secs(100);
/// Scrape interval of the chart's PodMonitor.
const INTERVAL: Duration = Duration::from_secs(15);
/// Scrapes of a node until its edges are there: before the probe resolved any name, with new series at 0, with values.
const SCRAPES: f64 = 3.0;
const PORT: u16 = 9080;

/// Bookinfo: app and version of each Deployment, its node, and the apps that it calls.
const BOOKINFO: [(&str, &str, &str, &[&str]); 7] = [
    ("productpage", "v1", "n1", &["reviews", "details"]),
    ("details", "v1", "n2", &[]),
    ("reviews", "v1", "n1", &[]),
    ("reviews", "v2", "n2", &["ratings"]),
    ("reviews", "v3", "n1", &["ratings"]),
    ("ratings", "v2", "n2", &["mongodb"]),
    ("mongodb", "v1", "n1", &[]),
];

/// Its Services, then its Deployments, each with a container that serves and one for each app that it calls.
fn open_bookinfo(namespace: &Namespace<'_>, image: &str) -> Result<()> {
    let apps: BTreeSet<&str> = BOOKINFO.iter().map(|(app, ..)| *app).collect();
    let service = |app: &&str| service(app, &format!("selector: {{app: {app}}}, ports: [{{port: {PORT}}}]"));
    namespace.apply(&apps.iter().map(service).collect::<String>())?;
    let mut deployments = String::new();
    for (app, version, node, calls) in BOOKINFO {
        let mut containers = vec![serving(image, PORT)];
        for callee in calls {
            let to = namespace.service_address(callee)?;
            containers.push(talking(&format!("to-{callee}"), image, &format!("{to}:{PORT}")));
        }
        deployments += &format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {app}-{version}}}
spec:
  selector: {{matchLabels: {{app: {app}, version: {version}}}}}
  template:
    metadata: {{labels: {{app: {app}, version: {version}}}}}
    spec:
      nodeName: {node}
      terminationGracePeriodSeconds: 0
      containers: [{}]
---
",
            containers.join(", ")
        );
    }
    namespace.apply(&deployments)?;
    for app in apps {
        let pods = BOOKINFO.iter().filter(|(other, ..)| *other == app).count();
        await_listening(namespace, app, pods)?;
    }
    Ok(())
}

/// Client, server, Service, reporter, and the probe that reports, as Prometheus names it.
type Edges = BTreeSet<[String; 5]>;

/// The probe of a node, as a target and as the label `instance`.
fn instance(node: &str) -> String {
    format!("{}:{}", address(node), probe::PORT)
}

fn expected() -> Edges {
    let mut edges = Edges::new();
    for (app, version, node, calls) in BOOKINFO {
        for (callee, its_version, its_node, _) in BOOKINFO.iter().filter(|(callee, ..)| calls.contains(callee)) {
            for (reporter, node) in REPORTERS.into_iter().zip([node, its_node]) {
                let [source, destination] = [format!("{app}-{version}"), format!("{callee}-{its_version}")];
                edges.insert([source, destination, (*callee).to_owned(), reporter.to_owned(), instance(node)]);
            }
        }
    }
    edges
}

/// Every edge of the namespace with bytes in both directions.
fn shown(prometheus: &Prometheus, namespace: &str) -> Result<Edges> {
    const LABELS: [&str; 5] =
        ["source_workload", "destination_workload", "destination_service_name", "reporter", "instance"];
    // By either end, so that an edge with an unknown end would be found.
    let of = |direction: &str| {
        let [here, there] = ["source", "destination"]
            .map(|end| format!("istio_tcp_{direction}_bytes_total{{{end}_workload_namespace=\"{namespace}\"}}"));
        format!("sum by ({}) ({here} or {there}) > 0", LABELS.join(","))
    };
    let query = format!("{} and {}", of("sent"), of("received"));
    let rows = prometheus.query(&query, now())?;
    Ok(rows.into_iter().map(|row| LABELS.map(|label| row.labels.get(label).cloned().unwrap_or_default())).collect())
}

#[test]
fn bookinfo_is_in_prometheus_within_three_scrapes_of_the_installation() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let gone = ["uninstall", RELEASE, "--namespace", longwire::NAMESPACE, "--wait", "--timeout=120s"];
    Helm::Three.on(kubernetes, &gone)?;
    let image = kubernetes.load_program("longwire-traffic")?;
    let talks = open_bookinfo(&namespace, &image);
    // Installed in any case, because other tests need it.
    let began = Instant::now();
    Helm::Three.bring(kubernetes, "install", longwire::NAMESPACE, &[])?;
    let installed = Instant::now();
    talks?;
    println!("all ready {:.1} s after helm install began", (installed - began).as_secs_f64());
    ensure!(installed - began < READY, "helm install took {:?}", installed - began);
    let targets = NODES.map(instance).to_vec();
    let jobs = [Job { name: "longwire-probe", targets }];
    let prometheus = Prometheus::start(&Netns::of_this_thread()?, Ipv4Addr::LOCALHOST, &jobs, &[], INTERVAL)?;
    // Scrapes of each node until its edges were there. Counted, because a busy machine needs seconds from the start of a
    // scrape until a query sees its samples.
    let mut scrapes = BTreeMap::new();
    let shown = eventually(4 * INTERVAL, || {
        let (shown, expected) = (shown(&prometheus, &namespace.name)?, expected());
        let missing: Vec<_> = expected.difference(&shown).collect();
        for Row { labels, value } in prometheus.query("count_over_time(up[10m])", now())? {
            let instance = labels.get("instance").context("no instance")?;
            if missing.iter().all(|edge| edge[4] != *instance) {
                scrapes.entry(instance.clone()).or_insert(value);
            }
        }
        ensure!(missing.is_empty(), "missing: {missing:?}");
        Ok(shown)
    });
    let shown = shown.with_context(|| longwire::logs(kubernetes))?;
    let is_soon = scrapes.len() == NODES.len() && scrapes.values().all(|scrapes| *scrapes <= SCRAPES);
    ensure!(is_soon, "the edges are to be there within {SCRAPES} scrapes, and took {scrapes:?}");
    println!("bookinfo's edges are in Prometheus {:.1} s later", installed.elapsed().as_secs_f64());
    // There are no other edges, and no end is unknown.
    assert_eq!(shown, expected());
    let said = Helm::Three.on(kubernetes, &["test", RELEASE, "--namespace", longwire::NAMESPACE])?;
    ensure!(said.contains("equal the transfer"), "{said}");
    promtool_finds_no_fault(kubernetes)
}

/// In the metrics of all probes and operators.
fn promtool_finds_no_fault(kubernetes: &Kubernetes) -> Result<()> {
    let mut pages = Vec::new();
    for node in NODES {
        pages.push((node.to_owned(), longwire::get(node, "/metrics")?));
    }
    for replica in replica::all(kubernetes)? {
        pages.push((replica.pod.clone(), replica.get("/metrics")?));
    }
    for (who, page) in pages {
        let said = command::feed("promtool", &["check", "metrics"], &page.body)?;
        ensure!(said.is_empty() && page.body.len() > 1_000, "promtool of {who}: {said}");
    }
    Ok(())
}
