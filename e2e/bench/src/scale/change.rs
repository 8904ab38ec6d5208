//! Time until the edit of one pod reaches the probe of its node.

use super::probes::{Probe, Probes};
use crate::measured::Measured;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use longwire_kubernetes::{Kubernetes, crowd, crowd::Crowd};
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

const EDITS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

pub(super) fn measure(kubernetes: &Kubernetes, crowd: &Crowd, probes: &Probes<'_>) -> Result<[Measured; 2]> {
    let (client, all) = (kubernetes.client()?, probes.all());
    let mut times = Vec::new();
    for edit in 0..EDITS {
        // Workload `n` is on node `n`, and so is the probe.
        let number = edit % all.len();
        let (probe, namespace) = (&all[number], &crowd.namespaces[number % crowd.namespaces.len()]);
        ensure!(probe.node == crowd.nodes[number], "{} is another node's probe", probe.node);
        let pods = Api::<Pod>::namespaced(client.clone(), namespace);
        let first = ListParams::default().labels(&format!("app={}", crowd::name(number))).limit(1);
        let pod = kubernetes.block_on(pods.list(&first))?.items.pop().context("a workload without pods")?;
        let (name, uid) = pod.metadata.name.zip(pod.metadata.uid).context("a pod without a name")?;
        let revision = format!("edit-{edit}");
        let patch = Patch::Merge(json!({"metadata": {"labels": {"version": revision}}}));
        kubernetes.block_on(pods.patch(&name, &PatchParams::default(), &patch))?;
        times.push(until_updated(probe, &uid, &revision)?.as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok([Measured::alone("change_median_ms", times[EDITS / 2]), Measured::alone("change_worst_ms", times[EDITS - 1])])
}

fn until_updated(probe: &Probe, uid: &str, revision: &str) -> Result<Duration> {
    let start = Instant::now();
    loop {
        let is_updated = {
            let pipeline = probe.simulated.pipeline();
            let mut local = pipeline.local_pods().filter(|local| local.pod.uid == uid);
            local.any(|local| local.pod.workload.canonical_revision == revision)
        };
        if is_updated {
            return Ok(start.elapsed());
        }
        ensure!(start.elapsed() < PATIENCE, "{} has not received {revision}", probe.node);
        thread::sleep(BETWEEN_LOOKS);
    }
}
