//! All that an installation adds to the cluster and to its nodes' kernels.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, NODES};
use longwire_testkit::{command, confirm, eventually};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const PINS: &str = "/sys/fs/bpf/longwire";
/// Kinds of objects that might be left, in its namespace and elsewhere.
const NAMESPACED: &str = "deployments,daemonsets,jobs,pods,services,serviceaccounts,secrets,configmaps,leases,roles,\
                          rolebindings,poddisruptionbudgets,networkpolicies";
const CLUSTERED: &str = "clusterroles,clusterrolebindings,priorityclasses,mutatingwebhookconfigurations,\
                         validatingwebhookconfigurations,apiservices,rolebindings";
/// The API server's own APIService for the kinds, which stay.
const OF_KINDS: &str = "/v1alpha1.telemetry.longwire.io";
/// Objects that every namespace has.
const USUAL: [&str; 2] = ["configmap/kube-root-ca.crt", "serviceaccount/default"];

#[derive(Debug)]
pub(crate) struct Leavings {
    /// Ids of BPF links that are pinned on the nodes.
    pub(crate) links: BTreeSet<u64>,
}

impl Leavings {
    pub(crate) fn of(kubernetes: &Kubernetes) -> Result<Self> {
        let mut links = BTreeSet::new();
        for node in NODES {
            let node = kubernetes.node(node)?;
            let pinned = node.run("find", &[PINS, "-name", "link-*"])?;
            for pin in pinned.lines() {
                let link: Value = serde_json::from_str(&node.run("bpftool", &["-j", "link", "show", "pinned", pin])?)?;
                links.insert(link["id"].as_u64().with_context(|| format!("{pin} is no link: {link}"))?);
            }
        }
        Ok(Self { links })
    }
}

/// Nothing is left in the namespace, the cluster, the nodes' file systems and the kernel.
pub(crate) fn expect_nothing(kubernetes: &Kubernetes, namespace: &str, there: &Leavings) -> Result<()> {
    eventually(Duration::from_secs(60), || {
        let words = ["--namespace", namespace, "get", NAMESPACED, "--output=name", "--ignore-not-found"];
        let left = kubernetes.kubectl(&words)?;
        let left: Vec<_> = left.lines().filter(|name| !USUAL.contains(name)).collect();
        confirm!(left.is_empty(), "left in {namespace}: {left:?}")
    })?;
    let all = kubernetes.kubectl(&["get", CLUSTERED, "--all-namespaces", "--output=name", "--ignore-not-found"])?;
    let ours: Vec<_> = all.lines().filter(|name| name.contains("longwire") && !name.ends_with(OF_KINDS)).collect();
    ensure!(ours.is_empty(), "left in the cluster: {ours:?}");
    for name in NODES {
        let node = kubernetes.node(name)?;
        ensure!(node.run("test", &["-e", PINS]).is_err(), "pins are left on {name}");
        let files = node.run("find", &["/run/longwire", "-type", "f"])?;
        ensure!(files.is_empty(), "state is left on {name}: {files}");
        let rules = node.run("iptables-save", &[])?;
        ensure!(!rules.lines().any(|rule| rule.contains("longwire")), "rules are left on {name}: {rules}");
        let namespaces = node.run("ip", &["netns", "list"])?;
        ensure!(!namespaces.contains("longwire"), "network namespaces are left on {name}: {namespaces}");
    }
    for link in &there.links {
        let gone = command::run("bpftool", &["link", "show", "id", &link.to_string()]).is_err();
        ensure!(gone, "BPF link {link} is still attached");
    }
    Ok(())
}
