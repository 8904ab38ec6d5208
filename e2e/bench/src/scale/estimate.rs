//! How long an estimate takes that asks all probes, of a policy for all pods.

use super::probes::Probes;
use crate::measured::Measured;
use anyhow::{Context, Result, ensure};
use kube::api::{Api, PostParams};
use longwire_kubernetes::{Kubernetes, longwire::NAMESPACE};
use longwire_live::SeriesEstimate;
use longwire_testkit::eventually;
use serde_json::json;
use std::time::{Duration, Instant};

/// The API server looks at an APIService every 30 s.
const PATIENCE: Duration = Duration::from_secs(120);
const TIMES: usize = 5;

pub(super) fn measure(kubernetes: &Kubernetes, probes: &Probes<'_>) -> Result<[Measured; 1]> {
    let estimates: Api<SeriesEstimate> = Api::namespaced(kubernetes.client()?, NAMESPACE);
    // Of the operator's namespace: it applies to all pods, and each connection gets a value of its own.
    let asked: SeriesEstimate = serde_json::from_value(json!({
        "apiVersion": longwire_live::API_VERSION,
        "kind": "SeriesEstimate",
        "metadata": {},
        "spec": {"object": {
            "apiVersion": "telemetry.longwire.io/v1alpha1",
            "kind": "ExtraStatTags",
            "metadata": {"name": "port"},
            "spec": {"tags": [{"name": "port", "value": "string(source.port)"}]},
        }},
    }))?;
    let ask = || -> Result<(f64, u64)> {
        let asking = Instant::now();
        let answer = kubernetes.block_on(estimates.create(&PostParams::default(), &asked))?;
        let elapsed = asking.elapsed().as_secs_f64();
        let status = answer.status.context("no status")?;
        ensure!(status.complete, "not all nodes have answered within {elapsed:.1} s: {:?}", status.warnings);
        Ok((elapsed, status.relabelled))
    };
    eventually(PATIENCE, &ask)?;
    let mut longest = 0.0_f64;
    let mut relabelled = 0;
    for _ in 0..TIMES {
        let (elapsed, of) = ask()?;
        (longest, relabelled) = (longest.max(elapsed), of);
    }
    let note = format!("{relabelled} connections on {} nodes relabelled", probes.all().len());
    Ok([Measured::alone("estimate_s", longest).note(note)])
}
