//! Pods whose own programs make traffic, in their own cgroups: a server, and a client that connects once.

use super::Kubernetes;
use super::namespace::Namespace;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use longwire_testkit::{Truth, confirm, eventually, traffic};
use std::net::{IpAddr, Shutdown, TcpStream};

/// Payload bytes of every connection, from its client and from its server.
pub const SENT: u64 = 1_000;
pub const REPLY: u64 = 2_000;
/// Port of the servers.
pub const PORT: u16 = 8080;

/// The network namespace of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    Own,
    Nodes,
}

pub fn truth() -> Truth {
    Truth::whole(SENT, REPLY)
}

/// A server's container, for a pod's `containers`.
pub fn serving(image: &str, port: u16) -> String {
    container("main", image, &format!("serve, '0.0.0.0:{port}', --reply, '{REPLY}'"))
}

/// A container that connects this often, one connection after the other, and ends.
pub fn sending(image: &str, to: &str, bytes: u64, times: u64) -> String {
    container("main", image, &format!("send, '{to}', '{bytes}', --times, '{times}'"))
}

/// A container that connects five times a second until it is stopped.
pub fn talking(name: &str, image: &str, to: &str) -> String {
    container(name, image, &format!("talk, '{to}', '{SENT}', --pace, '200'"))
}

/// A pod of this name and label `app` that serves on a node.
pub fn server(name: &str, node: &str, network: Network, port: u16, image: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  nodeName: {node}
  hostNetwork: {}
  terminationGracePeriodSeconds: 0
  containers: [{}]
---
",
        network == Network::Nodes,
        serving(image, port)
    )
}

/// A Service; `spec` without the braces.
pub fn service(name: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n---\n")
}

/// A Job that connects once, from a node, and sends so many bytes.
pub fn client(name: &str, node: &str, network: Network, to: &str, bytes: u64, image: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: 0
  template:
    spec:
      nodeName: {node}
      hostNetwork: {}
      restartPolicy: Never
      containers: [{}]
---
",
        network == Network::Nodes,
        sending(image, to, bytes, 1)
    )
}

/// Addresses of this many pods with the label `app`, once all of them listen.
pub fn await_listening(namespace: &Namespace<'_>, app: &str, count: usize) -> Result<Vec<IpAddr>> {
    eventually(super::PATIENCE, || {
        let labelled = ListParams::default().labels(&format!("app={app}"));
        let listed = Kubernetes::shared()?.block_on(namespace.api::<Pod>().list(&labelled))?;
        let mut addresses = Vec::new();
        for pod in listed.items {
            let name = pod.metadata.name.context("a pod without a name")?;
            ensure!(
                namespace.kubectl(&["logs", &name, "--container=main"])?.contains("listening"),
                "{name} does not listen yet"
            );
            addresses.push(pod.status.and_then(|status| status.pod_ip).context("no address")?.parse()?);
        }
        ensure!(addresses.len() == count, "{app} has {} pods", addresses.len());
        Ok(addresses)
    })
}

/// Waits until a client has received its answer.
pub fn await_done(namespace: &Namespace<'_>, client: &str) -> Result<()> {
    let is_done =
        |job: Option<&Job>| job.and_then(|job| job.status.as_ref()).is_some_and(|status| status.succeeded == Some(1));
    namespace.wait_for::<Job>(client, is_done).map(drop).with_context(|| format!("{client} has not succeeded"))
}

/// Does in this process what a client does.
pub fn ask(server: &TcpStream, bytes: u64) -> Result<()> {
    traffic::send(server, bytes)?;
    server.shutdown(Shutdown::Write)?;
    let received = traffic::drain(server)?;
    confirm!(received == REPLY, "{received} bytes came instead of {REPLY}")
}

fn container(name: &str, image: &str, arguments: &str) -> String {
    format!("{{name: {name}, image: '{image}', imagePullPolicy: Never, args: [{arguments}]}}")
}
