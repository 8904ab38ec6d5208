//! Very many pods on fake nodes: ten for each workload, with a Service. No controller or scheduler is involved, because
//! their work would be most of the load: each pod names its node, and its workload is a ConfigMap that owns it.

use super::kwok::Kwok;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use serde_json::json;
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Pods of each workload.
pub const REPLICAS: usize = 10;
/// Concurrent requests.
const HANDS: usize = 16;
const PORT: u16 = 8080;

#[derive(Clone, Debug)]
pub struct Crowd {
    /// Workload `n` is in namespace `n % namespaces.len()`.
    pub namespaces: Vec<String>,
    pub workloads: usize,
    /// Workloads are distributed over them in turn.
    pub nodes: Vec<String>,
}

impl Crowd {
    pub fn new(kwok: &Kwok<'_>, nodes: usize, namespaces: Vec<String>, pods: usize) -> Self {
        let nodes = (0..nodes).map(|number| kwok.node(number)).collect();
        Self { namespaces, workloads: pods / REPLICAS, nodes }
    }

    pub fn pods(&self) -> usize {
        self.workloads * REPLICAS
    }

    /// Returns when the API server has stored all objects.
    pub async fn create(&self, client: &Client) -> Result<()> {
        self.each(client, |crowd, client, number| async move { crowd.create_one(&client, number).await }).await
    }

    /// Returns when the API server has deleted all pods. Not with one request for all, whose timeout is a minute.
    pub async fn delete(&self, client: &Client) -> Result<()> {
        self.each(client, |crowd, client, number| async move { crowd.delete_one(&client, number).await }).await
    }

    /// Runs this for each workload.
    async fn each<Done>(
        &self,
        client: &Client,
        act: impl Fn(Arc<Self>, Client, usize) -> Done + Copy + Send + 'static,
    ) -> Result<()>
    where
        Done: Future<Output = Result<()>> + Send,
    {
        let crowd = Arc::new(self.clone());
        let mut hands = JoinSet::new();
        for hand in 0..HANDS {
            let (crowd, client) = (Arc::clone(&crowd), client.clone());
            hands.spawn(async move {
                for number in (hand..crowd.workloads).step_by(HANDS) {
                    act(Arc::clone(&crowd), client.clone(), number).await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(done) = hands.join_next().await {
            done??;
        }
        Ok(())
    }

    async fn create_one(&self, client: &Client, number: usize) -> Result<()> {
        let (namespace, name) = (&self.namespaces[number % self.namespaces.len()], name(number));
        let parameters = PostParams::default();
        let owner: ConfigMap = serde_json::from_value(json!({"metadata": {"name": name}}))?;
        let owner = Api::namespaced(client.clone(), namespace).create(&parameters, &owner).await?;
        let uid = owner.metadata.uid.context("a ConfigMap without a UID")?;
        let service: Service = serde_json::from_value(json!({
            // The real nodes' proxies ignore it.
            "metadata": {"name": name, "labels": {"service.kubernetes.io/service-proxy-name": "none"}},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": PORT}]},
        }))?;
        Api::namespaced(client.clone(), namespace).create(&parameters, &service).await?;
        let pods = Api::<Pod>::namespaced(client.clone(), namespace);
        for pod in 0..REPLICAS {
            let pod = serde_json::from_value(json!({
                "metadata": {
                    "name": format!("{name}-{pod}"),
                    "labels": {"app": name, "version": "v1", "of": "crowd"},
                    "ownerReferences": [
                        {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid, "controller": true},
                    ],
                },
                "spec": {
                    "nodeName": self.nodes[number % self.nodes.len()],
                    "terminationGracePeriodSeconds": 0,
                    "automountServiceAccountToken": false,
                    "containers": [{"name": "main", "image": "none", "ports": [{"containerPort": PORT}]}],
                },
            }))?;
            pods.create(&parameters, &pod).await?;
        }
        Ok(())
    }

    async fn delete_one(&self, client: &Client, number: usize) -> Result<()> {
        let namespace = &self.namespaces[number % self.namespaces.len()];
        let pods = Api::<Pod>::namespaced(client.clone(), namespace);
        for pod in 0..REPLICAS {
            pods.delete(&format!("{}-{pod}", name(number)), &DeleteParams::default()).await?;
        }
        Ok(())
    }

    /// Fails while a pod is not running.
    pub async fn check_running(&self, client: &Client) -> Result<()> {
        // From the API server's cache.
        let pending = ListParams::default().labels("of=crowd").fields("status.phase=Pending").match_any();
        for (number, namespace) in self.namespaces.iter().enumerate() {
            let found = Api::<Pod>::namespaced(client.clone(), namespace).list_metadata(&pending).await?.items.len();
            ensure!(found == 0, "{found} pods of namespace {number} of {} do not run", self.namespaces.len());
        }
        Ok(())
    }
}

/// Name of a workload and its Service, and value of its label `app`.
pub fn name(number: usize) -> String {
    format!("workload-{number:04}")
}
