//! Nodes and pods that only the API server knows: kwok answers for their kubelets. For what depends on their number.

use super::Kubernetes;
use super::layout::{script, text};
use crate::command;
use crate::netns::Netns;
use crate::process::Process;
use anyhow::Result;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The label of fake nodes; its value is the namespace of the test that they belong to.
pub const LABEL: &str = "longwire.io/fake";

/// Fake nodes, removed when dropped. Their pods go with them.
#[derive(Debug)]
pub struct Kwok<'a> {
    kubernetes: &'a Kubernetes,
    owner: String,
    pub process: Process,
}

impl<'a> Kwok<'a> {
    /// Nodes `OWNER-0` and on, as the API server knows them at once. No pod gets there that does not name its node.
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
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        let process = Process::start(&Netns::of_this_thread()?, "kwok", &words)?;
        let kwok = Self { kubernetes, owner: owner.to_owned(), process };
        kubernetes.apply(&kwok.manifests(nodes))?;
        Ok(kwok)
    }

    /// The name of the node of this number.
    #[must_use]
    pub fn node(&self, number: usize) -> String {
        format!("{}-{number}", self.owner)
    }

    fn manifests(&self, nodes: usize) -> String {
        let owner = &self.owner;
        let mut text = String::new();
        for number in 0..nodes {
            let _ = write!(
                text,
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
            );
        }
        text
    }
}

impl Drop for Kwok<'_> {
    fn drop(&mut self) {
        let selector = format!("--selector={LABEL}={}", self.owner);
        // What is left of them goes with the cluster.
        let _ = self.kubernetes.kubectl(&["delete", "nodes", "--wait=false", &selector]);
    }
}
