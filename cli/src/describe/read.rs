//! Asks the API server.

use crate::follow::escaped;
use crate::kubeconfig::Cluster;
use crate::listing::{Listed, Unlisted, code, list_where};
use crate::plain::warn;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use longwire_live::{Connection, EffectiveTelemetry};

#[derive(Debug)]
pub(super) enum Unread {
    Unlisted(Unlisted),
    NoPod,
    NoService,
    NoPods,
}

pub(super) async fn pod(cluster: &Cluster, namespace: &str, name: &str) -> Result<EffectiveTelemetry, Unread> {
    let api = Api::<EffectiveTelemetry>::namespaced(cluster.client.clone(), namespace);
    api.get(name).await.map_err(|error| {
        let is_about_it = matches!(&error, kube::Error::Api(status)
            if status.details.as_ref().is_some_and(|details| details.name == name));
        if code(&error) == Some(404) && is_about_it {
            Unread::NoPod
        } else {
            Unread::Unlisted(Unlisted::of(&error, Listed::EFFECTIVE))
        }
    })
}

/// Never none.
pub(super) async fn service(cluster: &Cluster, namespace: &str, name: &str) -> Result<Vec<EffectiveTelemetry>, Unread> {
    let fields = format!("service={}", escaped(name));
    let listed = list_where(cluster, Some(namespace), Listed::EFFECTIVE, &fields).await;
    let (telemetries, warnings) = listed.map_err(Unread::Unlisted)?;
    warnings.iter().for_each(|warning| warn(warning));
    if !telemetries.is_empty() {
        return Ok(telemetries);
    }
    let services = Api::<Service>::namespaced(cluster.client.clone(), namespace);
    // Who may not read it is told what is known.
    let is_gone = services.get(name).await.is_err_and(|error| code(&error) == Some(404));
    Err(if is_gone { Unread::NoService } else { Unread::NoPods })
}

/// Those of the pods, and perhaps more.
pub(super) async fn connections(
    cluster: &Cluster,
    namespace: &str,
    telemetries: &[EffectiveTelemetry],
) -> Option<Vec<Connection>> {
    let fields = match telemetries {
        [one] => format!("pod={}", escaped(one.metadata.name.as_deref().unwrap_or_default())),
        _ => String::new(),
    };
    match list_where(cluster, Some(namespace), Listed::CONNECTIONS, &fields).await {
        Ok((connections, warnings)) => {
            warnings.iter().for_each(|warning| warn(warning));
            Some(connections)
        }
        Err(error) => {
            warn(&error.to_string());
            None
        }
    }
}
