//! Longwire installed: the operator's Deployment, and probes as a DaemonSet with three capabilities.

use anyhow::{Context, Result, ensure};
use longwire_e2e::kubernetes::layout::NODES;
use longwire_e2e::kubernetes::{Kubernetes, longwire};
use longwire_e2e::wait::eventually;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn the_operators_two_replicas_run_on_a_node_each_without_any_privilege() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let _namespace = kubernetes.namespace()?;
    longwire::install_operator(kubernetes)?;
    let words =
        ["--namespace", longwire::NAMESPACE, "rollout", "status", "deployment/longwire-operator", "--timeout=60s"];
    kubernetes.kubectl(&words)?;
    let nodes = "jsonpath={range .items[*]}{.spec.nodeName} {end}";
    let words = ["--namespace", longwire::NAMESPACE, "get", "pods", "--selector=app=longwire-operator", "-o", nodes];
    let said = kubernetes.kubectl(&words)?;
    assert_eq!(said.split_whitespace().collect::<BTreeSet<_>>(), BTreeSet::from(NODES));
    Ok(())
}

#[test]
fn probes_attach_on_both_nodes_and_answer() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let _namespace = kubernetes.namespace()?;
    longwire::install_probes(kubernetes)?;
    let logs = || {
        let words = ["logs", "--namespace", longwire::NAMESPACE, "--selector=app=longwire-probe", "--tail=20"];
        kubernetes.kubectl(&words).unwrap_or_default()
    };
    for node in NODES {
        eventually(Duration::from_secs(30), || {
            let status = longwire::get(node, "/healthz")?.status;
            ensure!(status == 200, "/healthz of {node} says {status}");
            let said = String::from_utf8(longwire::get(node, "/readyz")?.body)?;
            // All that is missing is an operator.
            ensure!(said.contains("configuration"), "/readyz of {node} says {said}");
            let status = longwire::get(node, "/metrics")?.status;
            ensure!(matches!(status, 200 | 503), "/metrics of {node} says {status}");
            Ok(())
        })
        .with_context(logs)?;
    }
    Ok(())
}
