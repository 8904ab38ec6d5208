//! Fake nodes and pods, which exist only in the API server: kwok acts as their kubelets. For tests of large numbers.

use super::layout::{script, text};
use super::{Kubernetes, start_here};
use anyhow::Result;
use longwire_testkit::{Process, command};
use std::fs;
use std::path::Path;

/// Label of fake nodes; its value is the namespace of their test.
pub const LABEL: &str = "longwire.io/fake";

/// Fake nodes, removed when dropped. Their pods go with them.
#[derive(Debug)]
pub struct Kwok<'a> {
    kubernetes: &'a Kubernetes,
    owner: String,
    pub process: Process,
}

impl<'a> Kwok<'a> {
    /// Nodes `OWNER-0` and so on. Only pods that name such a node run there.
    pub fn start(kubernetes: &'a Kubernetes, owner: &str, nodes: usize) -> Result<Self> {
        let (layout, selector) = (kubernetes.layout(), format!("{LABEL}={owner}"));
        let built = command::converse(text(&script("kwok"))?, &[])?;
        let (built, kubeconfig) = (Path::new(built.trim()), layout.kubeconfig("admin"));
        let mut line = vec![
            text(&built.join("kwok"))?.to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--manage-nodes-with-label-selector={selector}"),
            "--node-lease-duration-seconds=40".to_owned(),
        ];
        for stage in fs::read_dir(built.join("stages"))? {
            line.push(format!("--config={}", stage?.path().display()));
        }
        let process = start_here("kwok", &line)?;
        let kwok = Self { kubernetes, owner: owner.to_owned(), process };
        kubernetes.apply(&kwok.manifests(nodes))?;
        Ok(kwok)
    }

    /// Name of the node with this number.
    pub fn node(&self, number: usize) -> String {
        format!("{}-{number}", self.owner)
    }

    fn manifests(&self, nodes: usize) -> String {
        let owner = &self.owner;
        let node = |number| {
            format!(
                "---
apiVersion: v1
kind: Node
metadata:
  name: {owner}-{number}
  labels: {{{LABEL}: {owner}}}
spec:
  taints: [{{key: {LABEL}, value: {owner}, effect: NoSchedule}}]
status:
  capacity: {{cpu: 1k, memory: 1Ti, pods: 1k}}
  allocatable: {{cpu: 1k, memory: 1Ti, pods: 1k}}
"
            )
        };
        (0..nodes).map(node).collect()
    }
}

impl Drop for Kwok<'_> {
    fn drop(&mut self) {
        let selector = format!("--selector={LABEL}={}", self.owner);
        // Remains are removed with the cluster.
        let _ = self.kubernetes.kubectl(&["delete", "nodes", "--wait=false", &selector]);
    }
}
