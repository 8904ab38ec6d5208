//! Writes a file of scrape targets for Debian's Prometheus, which is built without Kubernetes service discovery; runs
//! beside it in its pod.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Rewrites the file every few seconds until the process ends.
pub fn keep(file: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let pods: Api<Pod> = Api::all(kube::Client::try_default().await?);
        loop {
            // While the API server is unreachable the last file stays.
            match pods.list(&ListParams::default()).await {
                Ok(list) => write(file, &list.items)?,
                Err(error) => eprintln!("cannot list pods, trying again: {error}"),
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    })
}

fn write(file: &Path, pods: &[Pod]) -> Result<()> {
    let targets: Vec<Value> = pods.iter().filter_map(target).collect();
    // Renamed, so that Prometheus never reads an incomplete file.
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, json!(targets).to_string()).with_context(|| format!("write {}", unfinished.display()))?;
    Ok(fs::rename(&unfinished, file)?)
}

/// From the annotations `prometheus.io/*`.
fn target(pod: &Pod) -> Option<Value> {
    let annotation = |name: &str| pod.metadata.annotations.as_ref()?.get(&format!("prometheus.io/{name}"));
    if annotation("scrape")? != "true" || pod.status.as_ref()?.phase.as_deref() != Some("Running") {
        return None;
    }
    let address = pod.status.as_ref()?.pod_ip.as_ref()?;
    let port = annotation("port")?;
    let target = if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
    let path = annotation("path").map_or("/metrics", String::as_str);
    let job = pod.metadata.labels.as_ref().and_then(|labels| labels.get("app")).map_or("pods", String::as_str);
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or_default();
    Some(json!({"targets": [target], "labels": {"job": job, "node": node, "__metrics_path__": path}}))
}

#[cfg(test)]
mod tests;
