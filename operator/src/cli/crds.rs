//! The definitions of the three kinds, brought to an API server. Helm makes them once and never changes them.

use crate::source::api_server::client::{NoApiServer, chain, connect};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use longwire_crds::definitions;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The field manager of both Helm 3 and Helm 4, so that a later `helm` meets no fields of another manager, which Helm 4 takes
/// for a conflict.
const MANAGER: &str = "helm";
/// For the API server to serve a definition that it has taken.
const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    #[error(transparent)]
    ApiServer(#[from] NoApiServer),
    #[error("CustomResourceDefinition {name}: {}", chain(.reason))]
    Refused { name: String, reason: kube::Error },
    #[error("CustomResourceDefinition {0} is not served after {TIMEOUT:?}: see its conditions with kubectl describe")]
    NotServed(String),
}

/// Applies server-side and takes over the fields of other managers; waits until the definitions are served.
pub async fn apply() -> Result<(), NotApplied> {
    let crds: Api<CustomResourceDefinition> = Api::all(connect(Arc::default()).await?);
    let parameters = PatchParams::apply(MANAGER).force();
    // Take fields from every other manager: even where values are equal now, they will differ in another release.
    let unowned = Patch::Merge(json!({"metadata": {"managedFields": [{}]}}));
    for definition in definitions() {
        let name = definition.name_any();
        let refused = |reason| NotApplied::Refused { name: name.clone(), reason };
        if crds.get_opt(&name).await.map_err(refused)?.is_some() {
            crds.patch(&name, &PatchParams::default(), &unowned).await.map_err(refused)?;
        }
        let mut applied = crds.patch(&name, &parameters, &Patch::Apply(&definition)).await.map_err(refused)?;
        let began = Instant::now();
        while !is_served(&applied) {
            if began.elapsed() >= TIMEOUT {
                return Err(NotApplied::NotServed(name));
            }
            sleep(POLL).await;
            applied = crds.get(&name).await.map_err(refused)?;
        }
        tracing::info!("CustomResourceDefinition {name} applied");
    }
    Ok(())
}

/// As `kubectl apply` takes them.
#[must_use]
pub fn text() -> String {
    longwire_crds::MANIFESTS.map(|(_, manifest)| manifest).join("---\n")
}

fn is_served(definition: &CustomResourceDefinition) -> bool {
    let conditions = definition.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True")
}
