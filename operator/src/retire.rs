//! The end of an installation: every probe makes way for one that takes out of its node's kernel what was put there.
//!
//! ```text
//! DaemonSet --patch: `longwire-probe uninstall --stay`--> kubelet of each node --> pod Ready: done
//! ```
//!
//! It needs no probe that still obeys, and no operator: pins of one that has crashed go too.

use crate::kubernetes::{NoApiServer, chain, connect};
use crate::object::RETIRED;
use crate::options::{InvalidSecurity, Retire, own_namespace};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[cfg(test)]
mod tests;

/// The DaemonSet, and the label `app` of its pods.
const PROBE: &str = "longwire-probe";
const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum NotRetired {
    #[error(transparent)]
    ApiServer(#[from] NoApiServer),
    #[error(transparent)]
    Namespace(#[from] InvalidSecurity),
    #[error("DaemonSet {PROBE}: {}", chain(.0))]
    DaemonSet(#[source] kube::Error),
    #[error(
        "DaemonSet {PROBE} has no container `probe`: detach by hand, with `longwire-probe uninstall` on every node"
    )]
    OtherShape,
}

/// Nodes that have probes, and those of them that are done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Nodes {
    all: BTreeSet<String>,
    done: BTreeSet<String>,
}

/// An error is for what somebody can mend. A node that is silent is named, and does not keep the rest from going.
pub async fn retire(options: &Retire) -> Result<(), NotRetired> {
    let namespace = own_namespace(options.namespace.as_deref())?;
    let client = connect(Arc::default()).await?;
    let sets: Api<DaemonSet> = Api::namespaced(client.clone(), &namespace);
    let pods: Api<Pod> = Api::namespaced(client, &namespace);
    let Some(set) = sets.get_opt(PROBE).await.map_err(NotRetired::DaemonSet)? else {
        tracing::info!("no DaemonSet {PROBE} in namespace {namespace}: nothing to retire");
        return Ok(());
    };
    let mut nodes = Nodes::default();
    // An answer that does not come now comes at the next look.
    if let Ok(pods) = pods.list(&selected()).await {
        nodes.see(&pods.items);
    }
    let patch = patch(&set).ok_or(NotRetired::OtherShape)?;
    let parameters = PatchParams::default();
    sets.patch(PROBE, &parameters, &Patch::Strategic(patch)).await.map_err(NotRetired::DaemonSet)?;
    let began = Instant::now();
    while began.elapsed() < options.timeout {
        sleep(LOOK).await;
        if let Ok(pods) = pods.list(&selected()).await {
            nodes.see(&pods.items);
            if nodes.silent().next().is_none() {
                break;
            }
        }
    }
    tracing::info!(
        "{} of {} nodes have nothing of Longwire in their kernel any more",
        nodes.done.len(),
        nodes.all.len()
    );
    for node in nodes.silent() {
        tracing::warn!(
            "node {node} is silent: what its probe attached stays, idle, until it restarts; or run \
             `longwire-probe uninstall --pin-dir /sys/fs/bpf/longwire --state-dir /run/longwire` on it"
        );
    }
    Ok(())
}

fn selected() -> ListParams {
    ListParams::default().labels(&format!("app={PROBE}"))
}

/// All nodes at once: nobody waits for a rollout's order. The flags that say where things are stay as they were.
fn patch(set: &DaemonSet) -> Option<Value> {
    let pod = set.spec.as_ref()?.template.spec.as_ref()?;
    let probe = pod.containers.iter().find(|container| container.name == "probe")?;
    let (pins, state) = (flag(probe, "--pin-dir")?, flag(probe, "--state-dir")?);
    // Where this node's kubelet asks; before there was a listener for it, it asked the other one.
    let address = flag(probe, "--health-listen").or_else(|| flag(probe, "--metrics-listen"))?;
    let args = [
        "uninstall".to_owned(),
        format!("--pin-dir={pins}"),
        format!("--state-dir={state}"),
        format!("--stay={address}"),
    ];
    let mut spec = json!({"containers": [{"name": "probe", "args": args}]});
    if let Some((volume, mounts)) = parent_mounted(pod, probe, pins) {
        spec["volumes"] = json!([volume]);
        spec["containers"][0]["volumeMounts"] = mounts;
    }
    Some(json!({"spec": {
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%", "maxSurge": 0}},
        "template": {"metadata": {"annotations": {RETIRED: "true"}}, "spec": spec}
    }}))
}

/// A probe has no more of the BPF filesystem than its directory, and a directory that is mounted cannot be removed: who
/// cleans up gets the one above it.
fn parent_mounted(pod: &PodSpec, probe: &Container, pins: &str) -> Option<(Value, Value)> {
    let mount = probe.volume_mounts.iter().flatten().find(|mount| mount.mount_path == pins)?;
    let volume = pod.volumes.iter().flatten().find(|volume| volume.name == mount.name)?;
    let parent = |path: &str| Some(Path::new(path).parent()?.to_str()?.to_owned());
    let host = parent(&volume.host_path.as_ref()?.path)?;
    let volume = json!({"name": mount.name, "hostPath": {"path": host, "type": "Directory"}});
    let mounts = json!([
        {"$patch": "delete", "mountPath": pins},
        {"name": mount.name, "mountPath": parent(pins)?},
    ]);
    Some((volume, mounts))
}

fn flag<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    container.args.iter().flatten().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='))
}

impl Nodes {
    fn see(&mut self, pods: &[Pod]) {
        for pod in pods {
            let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()) else { continue };
            if is_done(pod) {
                self.done.insert(node.clone());
            }
            self.all.insert(node);
        }
    }

    fn silent(&self) -> impl Iterator<Item = &String> {
        self.all.difference(&self.done)
    }
}

fn is_done(pod: &Pod) -> bool {
    let retired = pod.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(RETIRED));
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    retired && conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
