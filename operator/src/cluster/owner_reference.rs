//! The owner reference of objects that the operator creates: its Deployment, so that they are deleted with it.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Api, Client};
use tokio::sync::OnceCell;

/// Reads the Deployment once, when the first object is created.
#[derive(Debug)]
pub struct OwnerReferences {
    /// `None`: no owner.
    deployment: Option<(Api<Deployment>, String)>,
    found: OnceCell<Option<OwnerReference>>,
}

impl OwnerReferences {
    #[must_use]
    pub fn new(client: Client, namespace: &str, deployment: Option<&str>) -> Self {
        let deployment = deployment.map(|name| (Api::namespaced(client, namespace), name.to_owned()));
        Self { deployment, found: OnceCell::new() }
    }

    /// For an object's metadata. An error: it cannot be known now.
    pub(crate) async fn references(&self) -> kube::Result<Option<Vec<OwnerReference>>> {
        let Some((deployments, name)) = &self.deployment else { return Ok(None) };
        let found = self.found.get_or_try_init(|| async {
            let found = deployments.get_opt(name).await?;
            if found.is_none() {
                tracing::warn!("there is no Deployment {name}: objects of this operator stay after its removal");
            }
            Ok::<_, kube::Error>(found.map(|found| OwnerReference {
                api_version: "apps/v1".to_owned(),
                kind: "Deployment".to_owned(),
                name: name.clone(),
                uid: found.metadata.uid.unwrap_or_default(),
                ..OwnerReference::default()
            }))
        });
        Ok(found.await?.clone().map(|owner| vec![owner]))
    }
}
