//! Many short-lived pods that exist only in the API server, as load on an index.

use super::Kubernetes;
use super::kwok::Kwok;
use super::namespace::Namespace;
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, PostParams};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Lifetime of each.
const LIFE: Duration = Duration::from_secs(2);
/// Most at a time.
const MAX_PODS: usize = 400;

/// Creates a pod every `pace` on the first fake nodes, until `stop`; returns their number.
pub fn pass_through(
    kubernetes: &Kubernetes,
    namespace: &Namespace<'_>,
    kwok: &Kwok<'_>,
    nodes: usize,
    pace: Duration,
    stop: &AtomicBool,
) -> Result<u64> {
    let pods: Api<Pod> = namespace.api();
    kubernetes.block_on(async {
        let (mut here, mut count) = (JoinSet::new(), 0);
        let mut ticks = interval(pace);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for number in 0.. {
            ticks.tick().await;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            while here.len() >= MAX_PODS
                && let Some(gone) = here.join_next().await
            {
                gone??;
            }
            here.spawn(live(pods.clone(), format!("passer-{number}"), kwok.node(number % nodes)));
            count += 1;
        }
        while let Some(gone) = here.join_next().await {
            gone??;
        }
        Ok(count)
    })
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
