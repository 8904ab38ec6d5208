//! The cluster itself, on which the other tests rely.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, ListParams};
use kube::runtime::wait::conditions::is_pod_running;
use longwire_kubernetes::{Kubernetes, NODES, access::is_ready, node, running::sleeper, talk::service};
use longwire_testkit::{confirm, eventually};
use std::collections::BTreeSet;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

/// A pod on each node that answers with its name.
const HELLO: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: hello}
spec:
  replicas: 2
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      terminationGracePeriodSeconds: 0
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: hello}}}
      containers:
      - name: main
        image: e2e.local/busybox:1
        imagePullPolicy: Never
        command: [nc, -ll, -p, '8080', -e, hostname]
        readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
";

#[test]
fn the_cluster_has_two_nodes_and_both_are_ready() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    // While this is held no test stops a daemon.
    let _namespace = kubernetes.namespace()?;
    println!("brought up in {:.1} s", kubernetes.brought_up_in.as_secs_f64());
    let nodes: Api<Node> = Api::all(kubernetes.client()?);
    for name in NODES {
        ensure!(is_ready(&kubernetes.block_on(nodes.get(name))?), "{name} is not ready");
        assert_eq!(kubernetes.node(name)?.run("hostname", &[])?.trim(), name);
    }
    Ok(())
}

#[test]
fn pods_of_either_node_reach_a_service_on_both_and_so_does_the_machine() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace()?;
    let service = service("hello", "selector: {app: hello}, ports: [{port: 80, targetPort: 8080}]");
    namespace.apply(&format!("{service}{HELLO}---\n{}{}", sleeper("n1", "n1", ""), sleeper("n2", "n2", "")))?;
    namespace.kubectl(&["rollout", "status", "deployment/hello", "--timeout=60s"])?;
    let pods: Api<Pod> = namespace.api();
    let servers = kubernetes.block_on(pods.list(&ListParams::default().labels("app=hello")))?;
    let servers: BTreeSet<String> = servers.into_iter().filter_map(|pod| pod.metadata.name).collect();
    assert_eq!(servers.len(), 2);
    let address = namespace.service_address("hello")?;
    let ask = format!("for i in 1 2 3 4 5 6 7 8 9 10; do nc {address} 80 </dev/null; done");
    for client in NODES {
        namespace.wait_for(client, is_pod_running())?;
        let mut answered = BTreeSet::new();
        eventually(Duration::from_secs(60), || {
            let names = namespace.kubectl(&["exec", client, "--", "sh", "-c", &ask])?;
            answered.extend(names.lines().map(str::to_owned));
            confirm!(answered == servers, "{client} hears {answered:?} of {servers:?}")
        })?;
    }
    let mut heard = String::new();
    TcpStream::connect((address, 80))?.read_to_string(&mut heard)?;
    confirm!(servers.contains(heard.trim()), "the machine hears {heard:?}")
}

#[test]
fn pods_outlive_a_restart_of_their_nodes_kubelet_and_containerd() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    namespace.apply(&sleeper("old", "n1", ""))?;
    let before = container(&namespace.wait_for("old", is_pod_running())?.context("the pod is gone")?)?;
    node::restart(&kubernetes.node("n1")?)?;
    namespace.apply(&sleeper("new", "n1", ""))?;
    namespace.wait_for("new", is_pod_running())?;
    let pods: Api<Pod> = namespace.api();
    assert_eq!(container(&kubernetes.block_on(pods.get("old"))?)?, before);
    namespace.kubectl(&["exec", "old", "--", "true"])?;
    Ok(())
}

/// Id and restarts of a pod's only container.
fn container(pod: &Pod) -> Result<(String, i32)> {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_deref());
    let status = statuses.and_then(<[_]>::first).context("the pod has no container")?;
    Ok((status.container_id.clone().context("the container has no id")?, status.restart_count))
}

#[test]
fn the_api_server_comes_back_with_what_it_knew() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    namespace.apply(&sleeper("kept", "n2", ""))?;
    namespace.wait_for("kept", is_pod_running())?;
    let server = kubernetes.control_plane().daemon("kube-apiserver");
    server.kill()?;
    ensure!(namespace.kubectl(&["get", "pods"]).is_err(), "a killed API server answers");
    server.start()?;
    eventually(Duration::from_secs(60), || namespace.kubectl(&["get", "--raw", "/readyz"]))?;
    namespace.wait_for("kept", is_pod_running())?;
    Ok(())
}
