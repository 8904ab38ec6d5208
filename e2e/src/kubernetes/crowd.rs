//! Very many pods on fake nodes: ReplicaSets, each of which is on one node, so that the scheduler has no part in it; with
//! a Service before each.

use super::kwok::Kwok;
use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::{Client, Error};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Pods of a ReplicaSet.
pub const REPLICAS: usize = 10;
/// Requests under way at a time.
const HANDS: usize = 16;
const PORT: u16 = 8080;

/// Pods whose number of workloads is that of Services.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// Workload `n` is in namespace `n % namespaces.len()`.
    pub namespaces: Vec<String>,
    pub workloads: usize,
    /// On which workloads are put in turns.
    pub nodes: Vec<String>,
}

impl Crowd {
    #[must_use]
    pub fn new(kwok: &Kwok<'_>, nodes: usize, namespaces: Vec<String>, pods: usize) -> Self {
        let nodes = (0..nodes).map(|number| kwok.node(number)).collect();
        Self { namespaces, workloads: pods / REPLICAS, nodes }
    }

    #[must_use]
    pub fn pods(&self) -> usize {
        self.workloads * REPLICAS
    }

    /// Asks for all of it; controllers make the pods.
    pub async fn create(&self, client: &Client) -> Result<()> {
        let crowd = Arc::new(self.clone());
        let mut hands = JoinSet::new();
        for hand in 0..HANDS {
            let (crowd, client) = (Arc::clone(&crowd), client.clone());
            hands.spawn(async move {
                for number in (hand..crowd.workloads).step_by(HANDS) {
                    crowd.create_one(&client, number).await?;
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
        let labels = json!({"app": name, "version": "v1"});
        let service = serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": PORT}]},
        }))?;
        let replicas = serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeName": self.nodes[number % self.nodes.len()],
                    "terminationGracePeriodSeconds": 0,
                    "automountServiceAccountToken": false,
                    "containers": [{"name": "main", "image": "none", "ports": [{"containerPort": PORT}]}],
                },
            }},
        }))?;
        let parameters = PostParams::default();
        Api::<Service>::namespaced(client.clone(), namespace).create(&parameters, &service).await?;
        Api::<ReplicaSet>::namespaced(client.clone(), namespace).create(&parameters, &replicas).await?;
        Ok(())
    }

    /// Pods that are ready, as the ReplicaSets say.
    pub async fn ready(&self, client: &Client) -> Result<usize, Error> {
        let mut ready = 0;
        for namespace in &self.namespaces {
            let sets = Api::<ReplicaSet>::namespaced(client.clone(), namespace).list(&ListParams::default()).await?;
            let of = |set: &ReplicaSet| set.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0);
            ready += sets.iter().map(of).map(|ready| usize::try_from(ready).unwrap_or(0)).sum::<usize>();
        }
        Ok(ready)
    }

    /// An error that says how many are not ready.
    pub async fn check_ready(&self, client: &Client) -> Result<()> {
        let (ready, pods) = (self.ready(client).await?, self.pods());
        ensure!(ready == pods, "{ready} of {pods} pods are ready");
        Ok(())
    }

    /// Has all of it deleted: the controllers do it, in their own time.
    pub async fn delete(&self, client: &Client) -> Result<(), Error> {
        let (delete, all) = (DeleteParams::background(), ListParams::default());
        for namespace in &self.namespaces {
            Api::<ReplicaSet>::namespaced(client.clone(), namespace).delete_collection(&delete, &all).await?;
            Api::<Service>::namespaced(client.clone(), namespace).delete_collection(&delete, &all).await?;
        }
        Ok(())
    }
}

/// Of a workload, its Service and its label `app`.
#[must_use]
pub fn name(number: usize) -> String {
    format!("workload-{number:04}")
}
