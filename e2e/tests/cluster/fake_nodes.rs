//! Nodes that only the API server knows.

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use longwire_e2e::kubernetes::Kubernetes;
use longwire_e2e::kubernetes::kwok::Kwok;

#[test]
fn a_hundred_pods_run_on_ten_nodes_that_do_not_exist() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace()?;
    let kwok = Kwok::start(kubernetes, &namespace.name, 10)?;
    namespace.apply(&format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: many}}
spec:
  replicas: 100
  selector: {{matchLabels: {{app: many}}}}
  template:
    metadata: {{labels: {{app: many}}}}
    spec:
{}      containers: [{{name: main, image: none}}]
",
        kwok.placement(6)
    ))?;
    let ready = |many: Option<&Deployment>| {
        many.and_then(|many| many.status.as_ref()?.ready_replicas).is_some_and(|ready| ready == 100)
    };
    namespace.wait_for("many", ready)?;
    Ok(())
}
