//! The prometheus-operator part of docs/install.md: a real one finds every pod by the chart's PodMonitors and loads its
//! rules. Not by default, because it takes long to build: `make e2e E2E="prometheus_operator:: --ignored"`.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{helm::Helm, longwire, prometheus_operator::PrometheusOperator};
use longwire_testkit::{Labels, Prometheus, REPORTERS, beside, confirm, eventually, now, throughout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
/// Values for a kube-prometheus-stack with this name.
const VALUES: [&str; 5] = [
    "metrics.scrape=podMonitor",
    "metrics.podMonitor.labels.release=prometheus",
    "metrics.podMonitor.interval=2s",
    "metrics.rules.enabled=true",
    "metrics.rules.labels.release=prometheus",
];
/// Job, node, and whether the last scrape succeeded.
const TARGETS: [[&str; 3]; 4] = [
    ["longwire-system/longwire-operator", "n1", "1"],
    ["longwire-system/longwire-operator", "n2", "1"],
    ["longwire-system/longwire-probe", "n1", "1"],
    ["longwire-system/longwire-probe", "n2", "1"],
];

#[test]
#[ignore = "builds a Prometheus that finds pods and the operator that runs it: many minutes, once"]
fn prometheus_operator_scrapes_every_pod_once_and_its_rules_work() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let operator = PrometheusOperator::start(kubernetes)?;
    let outcome = Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &VALUES).and_then(|_| {
        let (prometheus, shop) = (operator.prometheus()?, Shop::open(&namespace)?);
        eventually(PATIENCE, || finds_all(&prometheus)).with_context(|| longwire::logs(kubernetes))?;
        counts_once(&prometheus, &shop)?;
        nothing_is_renamed(&prometheus)?;
        eventually(PATIENCE, || rules_work(&prometheus))
    });
    // Removes its objects before their CRDs are removed.
    Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[])?;
    outcome
}

fn finds_all(prometheus: &Prometheus) -> Result<()> {
    let label = |labels: &Labels, name: &str| labels.get(name).cloned().unwrap_or_default();
    let rows = prometheus.query("up", now())?;
    let mut targets: Vec<[String; 3]> = rows
        .into_iter()
        .map(|row| [label(&row.labels, "job"), label(&row.labels, "node"), row.value.to_string()])
        .collect();
    targets.sort();
    confirm!(targets == TARGETS, "{targets:?}")
}

/// Both reporters have the traffic, each once.
fn counts_once(prometheus: &Prometheus, shop: &Shop<'_>) -> Result<()> {
    let (truth, ()) = beside(|over| shop.load(over), || throughout(Duration::from_secs(3), || Ok(())))?;
    let of = format!("source_workload=\"client\", source_workload_namespace=\"{}\"", shop.namespace.name);
    eventually(PATIENCE, || {
        for reporter in REPORTERS {
            for (series, due) in [
                ("istio_tcp_connections_opened_total", truth.opened),
                ("istio_tcp_received_bytes_total", truth.to_server),
                ("istio_tcp_sent_bytes_total", truth.to_client),
            ] {
                let rows = prometheus.query(&format!("sum({series}{{reporter=\"{reporter}\", {of}}})"), now())?;
                let found = rows.first().map(|row| row.value.to_string());
                ensure!(found == Some(due.to_string()), "{series}, {reporter}: {found:?}, not {due}");
            }
        }
        Ok(())
    })
}

/// Labels that a PodMonitor adds do not collide with ours.
fn nothing_is_renamed(prometheus: &Prometheus) -> Result<()> {
    let labels: BTreeSet<String> = serde_json::from_value(prometheus.ask("labels")?)?;
    let renamed: Vec<_> = labels.iter().filter(|label| label.starts_with("exported_")).collect();
    confirm!(labels.contains("pod") && renamed.is_empty(), "{renamed:?} of {labels:?}")
}

/// All rules were evaluated without an error, and no alert fires.
fn rules_work(prometheus: &Prometheus) -> Result<()> {
    let answer = prometheus.ask("rules")?;
    let groups = answer["groups"].as_array().context("no groups")?;
    let rules: Vec<&Value> = groups.iter().filter_map(|group| group["rules"].as_array()).flatten().collect();
    let alerts = longwire_dashboards::alerts::folder().join("longwire.yaml");
    let due = std::fs::read_to_string(alerts)?.matches("- alert: ").count();
    ensure!(rules.len() == due, "{} rules instead of {due}", rules.len());
    for rule in rules {
        ensure!(rule["health"] == "ok" && rule["state"] == "inactive", "{rule}");
    }
    Ok(())
}
