//! Usual disturbances of nodes and pods, after which all is right within seconds.

use crate::shop::Shop;
use anyhow::{Context, Result};
use longwire_kubernetes::{Kubernetes, longwire, node};
use longwire_testkit::confirm;
use std::time::Duration;

/// Some seconds, for which a machine may stall twice.
const SOON: Duration = Duration::from_secs(20);

/// Runs `change` during traffic between two nodes; both reporters are exact soon after.
fn right_soon_after(what: &str, change: impl FnOnce(&Kubernetes) -> Result<()>) -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let shop = Shop::open(&namespace)?;
    let took = shop
        .exact_while_probes_change(kubernetes, || change(kubernetes))
        .with_context(|| longwire::logs(kubernetes))?;
    println!("{what}: right after {:.1} s", took.as_secs_f64());
    confirm!(took < SOON, "{what}: right only after {took:?}")
}

#[test]
fn after_a_probes_pod_was_deleted() -> Result<()> {
    right_soon_after("a probe deleted", |kubernetes| {
        let on_n2 = "--field-selector=spec.nodeName=n2";
        longwire::kubectl(kubernetes, &["delete", "pod", "--selector=app=longwire-probe", on_n2])?;
        longwire::rolled_out(kubernetes, longwire::PROBE)
    })
}

#[test]
fn after_a_nodes_kubelet_and_container_runtime_were_restarted() -> Result<()> {
    right_soon_after("kubelet and containerd restarted", |kubernetes| {
        node::restart(&kubernetes.node("n1")?)?;
        longwire::rolled_out(kubernetes, longwire::PROBE)
    })
}

#[test]
fn after_the_operators_were_drained_from_a_node() -> Result<()> {
    right_soon_after("a node drained", |kubernetes| {
        let operators = "--pod-selector=app=longwire-operator";
        let drained = kubernetes.kubectl(&["drain", "n1", "--ignore-daemonsets", operators, "--timeout=60s"]);
        kubernetes.kubectl(&["uncordon", "n1"])?;
        drained?;
        longwire::rolled_out(kubernetes, longwire::OPERATOR)
    })
}
