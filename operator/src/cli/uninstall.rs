//! The end of an installation: on every node a pod takes out of the kernel what probes put there.
//!
//! ```text
//! DaemonSet longwire-cleanup: `longwire-probe uninstall --stay` --> kubelet of each node --> pod Ready: done
//! ```
//!
//! The chart creates the DaemonSet once the probes are deleted; this job waits for it. It needs neither a running probe nor
//! an operator: pins of a crashed probe are removed too.

use crate::cli::options::{InvalidSecurity, Uninstall, own_namespace};
use crate::source::api_server::client::{NoApiServer, chain, connect};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use longwire_crds::names::CLEANUP;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[cfg(test)]
mod tests;

const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum UninstallFailed {
    #[error(transparent)]
    ApiServer(#[from] NoApiServer),
    #[error(transparent)]
    Namespace(#[from] InvalidSecurity),
    #[error("DaemonSet {CLEANUP} and its pods: {}", chain(.0))]
    Look(#[source] kube::Error),
}

/// Nodes that have a pod of the DaemonSet, and those of them that are done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Nodes {
    /// How many there will be; `None`: the API server has not counted them yet.
    wanted: Option<usize>,
    all: BTreeSet<String>,
    done: BTreeSet<String>,
}

/// An error means that a user must act. A node that is silent is named, and does not stop the others.
pub async fn uninstall(options: &Uninstall) -> Result<(), UninstallFailed> {
    let namespace = own_namespace(options.namespace.as_deref())?;
    let client = connect(Arc::default()).await?;
    let sets: Api<DaemonSet> = Api::namespaced(client.clone(), &namespace);
    let pods: Api<Pod> = Api::namespaced(client, &namespace);
    let of_set = ListParams::default().labels(&format!("app={CLEANUP}"));
    let end = Instant::now() + options.timeout;
    let mut nodes = Nodes::default();
    loop {
        match (sets.get_opt(CLEANUP).await, pods.list(&of_set).await) {
            (Ok(None), _) => {
                tracing::info!("no DaemonSet {CLEANUP} in namespace {namespace}: nothing to wait for");
                return Ok(());
            }
            (Ok(Some(set)), Ok(pods)) => nodes.see(&set, &pods.items),
            // An answer that does not come now comes at the next look, or never.
            (Err(error), _) | (_, Err(error)) if Instant::now() >= end => return Err(UninstallFailed::Look(error)),
            _ => {}
        }
        if nodes.are_done() || Instant::now() >= end {
            break;
        }
        sleep(POLL).await;
    }
    nodes.report();
    Ok(())
}

impl Nodes {
    fn see(&mut self, set: &DaemonSet, pods: &[Pod]) {
        let counted = set.status.as_ref().filter(|status| status.observed_generation >= set.metadata.generation);
        self.wanted = counted.and_then(|status| usize::try_from(status.desired_number_scheduled).ok());
        for pod in pods {
            let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()) else { continue };
            if is_ready(pod) {
                self.done.insert(node.clone());
            }
            self.all.insert(node);
        }
    }

    fn are_done(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.done.len() >= wanted)
    }

    fn silent(&self) -> impl Iterator<Item = &String> {
        self.all.difference(&self.done)
    }

    /// Those that no pod could be placed on.
    fn unscheduled(&self) -> usize {
        self.wanted.unwrap_or_default().saturating_sub(self.all.len())
    }

    fn report(&self) {
        let all = self.all.len() + self.unscheduled();
        tracing::info!(
            "{} of {all} nodes are clean: no program or map of Longwire is left in their kernel",
            self.done.len()
        );
        let remedy = "the programs of its probe stay, idle, until it restarts; or run `longwire-probe uninstall \
                      --pin-dir /sys/fs/bpf/longwire --state-dir /run/longwire` on it";
        for node in self.silent() {
            tracing::warn!("node {node} has not answered: {remedy}");
        }
        if self.unscheduled() > 0 {
            tracing::warn!("{} nodes have no pod of DaemonSet {CLEANUP}; for each: {remedy}", self.unscheduled());
        }
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
