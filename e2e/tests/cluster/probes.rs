//! Probes as a DaemonSet with three capabilities.

use anyhow::{Context, Result, ensure};
use longwire_e2e::kubernetes::layout::NODES;
use longwire_e2e::kubernetes::{Kubernetes, longwire};
use longwire_e2e::wait::eventually;
use std::time::Duration;

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
            Ok(())
        })
        .with_context(logs)?;
    }
    Ok(())
}
