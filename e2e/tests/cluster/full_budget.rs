//! A namespace that fills its share of a node's series is reported: by an Event on the node, and by the overflow
//! series.

use crate::shop::Shop;
use anyhow::{Result, ensure};
use longwire_kubernetes::{Kubernetes, longwire, longwire::object};
use longwire_testkit::{confirm, eventually};
use std::time::Duration;

/// A pass, the notice, and the operator's next check.
const PATIENCE: Duration = Duration::from_secs(90);

/// A policy with a share for the whole cluster, in effect on every node; removed when dropped.
struct Share<'a>(&'a Kubernetes, String);

impl<'a> Share<'a> {
    fn of(kubernetes: &'a Kubernetes, series: u32) -> Result<Self> {
        let policy = object("TelemetryPolicy", "share", &format!("{{limits: {{seriesPerNamespace: {series}}}}}"));
        let policy = policy.replace("{name: share}", &format!("{{name: share, namespace: {}}}", longwire::NAMESPACE));
        kubernetes.apply(&policy)?;
        let share = Self(kubernetes, policy);
        // Series that a probe admits before it knows the share keep their place.
        let words = ["wait", "telemetrypolicies/share", "--timeout=90s", "--for=condition=Programmed"];
        longwire::kubectl(kubernetes, &words)?;
        Ok(share)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        // Remains are removed with the cluster.
        let _ = self.0.delete(&self.1);
    }
}

#[test]
fn a_namespace_that_fills_its_share_is_named_on_the_node_and_in_the_overflow() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let _share = Share::of(kubernetes, 1)?;
    let _shop = Shop::open(&namespace)?;
    eventually(PATIENCE, || {
        let scrape = longwire::scrape("n1")?;
        let of_ours = [("namespace", namespace.name.as_str())];
        ensure!(scrape.sum("longwire_probe_overflowed_total", &of_ours) > 0, "the probe counts no overflow of it");
        let series = scrape.select(
            "istio_tcp_connections_opened_total",
            &[("source_workload", "overflow"), ("source_workload_namespace", &namespace.name)],
        );
        confirm!(!series.is_empty(), "no overflow series names it")
    })?;
    let events = ["--namespace=default", "events.events.k8s.io", "--field-selector=reason=ProbeBudgetFull"];
    eventually(PATIENCE, || {
        let notes = "{range .items[*]}{.regarding.kind}/{.regarding.name}: {.note}{'\\n'}{end}";
        let said = kubernetes.json_path(&events, notes)?;
        let is_it = |line: &str| line.starts_with("Node/n1: ") && line.contains(&namespace.name);
        confirm!(said.lines().any(is_it), "no Event on n1 names {}: {said}", namespace.name)
    })
}
