//! Many short-lived pods that exist only in the API server, as load on an index.

use super::Kubernetes;
use super::kwok::Kwok;
use super::namespace::Namespace;
use super::pace::Pace;
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, PostParams};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, sleep};

/// Lifetime of each.
const LIFE: Duration = Duration::from_secs(2);
/// Most at a time.
const MAX_PODS: usize = 400;

/// Creates a pod every `interval` on the first fake nodes, until `stop`; returns their number.
pub fn pass_through(
    kubernetes: &Kubernetes,
    namespace: &Namespace<'_>,
    kwok: &Kwok<'_>,
    nodes: usize,
    interval: Duration,
    stop: &AtomicBool,
) -> Result<usize> {
    let pods: Api<Pod> = namespace.api();
    let pace = Pace { interval, most: MAX_PODS, behind: MissedTickBehavior::Burst };
    let live = |number| Ok(live(pods.clone(), format!("passer-{number}"), kwok.node(number % nodes)));
    kubernetes.block_on(pace.keep(stop, live)).map(|gone| gone.len())
}

async fn live(pods: Api<Pod>, name: String, node: String) -> Result<()> {
    let pod: Pod = serde_json::from_value(serde_json::json!({
        "metadata": {"name": name, "labels": {"app": "passer"}},
        "spec": {"nodeName": node, "containers": [{"name": "main", "image": "none"}]},
    }))?;
    pods.create(&PostParams::default(), &pod).await?;
    sleep(LIFE).await;
    match pods.delete(&name, &DeleteParams::default().grace_period(0)).await {
        // Already deleted.
        Err(kube::Error::Api(refusal)) if refusal.code == 404 => Ok(()),
        answer => Ok(answer.map(drop)?),
    }
}
