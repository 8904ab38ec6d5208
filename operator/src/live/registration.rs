//! The APIService, by which kube-apiserver knows this API: withdrawn when Longwire is removed.
//!
//! An APIService whose server is gone keeps the deletion of every namespace waiting. Helm deletes it first; this is for who
//! deletes the namespace, or the Deployment, by hand. The authority in it is written with the certificates
//! (`cluster::tls::reconciler`).

use crate::publish::role::Role;
use crate::source::api_server::client::chain;
use futures::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kube::api::{DeleteParams, ObjectMeta};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use longwire_live::API_SERVICE;
use std::fmt;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// For all of a withdrawal: an operator that stops has little time.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What shows that Longwire is removed.
#[derive(Clone)]
pub struct Registration {
    client: Client,
    namespace: String,
    /// `None`: the operator does not know its own.
    deployment: Option<String>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, namespace, deployment } = self;
        f.debug_struct("Registration").field("namespace", namespace).field("deployment", deployment).finish()
    }
}

impl Registration {
    #[must_use]
    pub fn new(client: Client, namespace: String, deployment: Option<String>) -> Self {
        Self { client, namespace, deployment }
    }

    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Withdraws as soon as the operator's own namespace is being deleted: when its pods are, their accounts may be gone. For as
    /// long as the operator runs.
    pub async fn follow(self) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let mut watched = pin!(watcher::watch_object(namespaces, &self.namespace).default_backoff());
        while let Some(seen) = watched.next().await {
            // What is not there while the operator runs has not been seen yet, or is no namespace of this cluster.
            if let Ok(Some(namespace)) = seen
                && is_ending(&namespace.metadata)
            {
                self.withdraw("its namespace is being deleted").await;
            }
        }
    }

    /// For a leader that stops: withdraws if it will not be back.
    pub async fn leave(&self, role: &watch::Receiver<Role>) {
        if *role.borrow() != Role::Leader {
            return;
        }
        let removed = timeout(TIMEOUT, self.is_removed()).await.unwrap_or(false);
        if removed {
            self.withdraw("the operator is removed").await;
        }
    }

    async fn is_removed(&self) -> bool {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let namespace = namespaces.get_opt(&self.namespace).await;
        if namespace.is_ok_and(|found| found.is_none_or(|found| is_ending(&found.metadata))) {
            return true;
        }
        let Some(name) = &self.deployment else { return false };
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        deployments.get_opt(name).await.is_ok_and(|found| found.is_none_or(|found| is_ending(&found.metadata)))
    }

    async fn withdraw(&self, why: &str) {
        let services: Api<APIService> = Api::all(self.client.clone());
        match timeout(TIMEOUT, services.delete(API_SERVICE, &DeleteParams::default())).await {
            Ok(Ok(_)) => tracing::info!("APIService {API_SERVICE} is withdrawn, because {why}"),
            Ok(Err(kube::Error::Api(status))) if status.code == 404 => {}
            Ok(Err(error)) => {
                let error = chain(&error);
                tracing::error!("APIService {API_SERVICE} cannot be withdrawn: {error}; {REMEDY}");
            }
            Err(_) => tracing::error!("APIService {API_SERVICE} cannot be withdrawn: no answer; {REMEDY}"),
        }
    }
}

const REMEDY: &str =
    "while it is there, no namespace can be deleted: kubectl delete apiservice v1alpha1.live.telemetry.longwire.io";

fn is_ending(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_some()
}
