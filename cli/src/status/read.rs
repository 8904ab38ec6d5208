//! Asks the API server.

use super::found::{Found, Leader, Operator, Part, Probes};
use crate::kubeconfig::Cluster;
use crate::listing::{Listed, Unlisted, code, list};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use longwire_live::Probe;
use longwire_operator::source::api_server::client::chain;
use std::time::{SystemTime, UNIX_EPOCH};

/// Of the Deployment and of the Lease.
const OPERATOR: &str = "longwire-operator";

pub(super) async fn read(cluster: &Cluster, namespace: &str) -> Result<Found, Unlisted> {
    let client = &cluster.client;
    let probes = match list::<Probe>(cluster, None, Listed::PROBES).await {
        Ok((probes, _)) => Probes::Known(probes),
        Err(Unlisted::Unavailable(why)) => Probes::Unavailable(why),
        Err(error) => return Err(error),
    };
    let deployments = Api::<Deployment>::namespaced(client.clone(), namespace);
    let leases = Api::<Lease>::namespaced(client.clone(), namespace);
    let operator = part(deployments.get_opt(OPERATOR).await)?.map(operator);
    let leader = part(leases.get_opt(OPERATOR).await)?.map(|lease| leader(lease, now()));
    Ok(Found { operator, leader, probes })
}

fn part<T>(outcome: kube::Result<Option<T>>) -> Result<Part<T>, Unlisted> {
    match outcome {
        Ok(Some(it)) => Ok(Part::Known(it)),
        Ok(None) => Ok(Part::Absent),
        Err(error) if code(&error) == Some(403) => Ok(Part::Hidden),
        Err(error) => Err(Unlisted::Silent(chain(&error))),
    }
}

impl<T> Part<T> {
    fn map<U>(self, to: impl FnOnce(T) -> U) -> Part<U> {
        match self {
            Self::Known(it) => Part::Known(to(it)),
            Self::Absent => Part::Absent,
            Self::Hidden => Part::Hidden,
        }
    }
}

fn operator(deployment: Deployment) -> Operator {
    // Kubernetes' default.
    let replicas = deployment.spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let ready = deployment.status.and_then(|status| status.ready_replicas).unwrap_or(0);
    Operator { replicas, ready }
}

/// `now`: microseconds since the epoch.
fn leader(lease: Lease, now: i64) -> Leader {
    let spec = lease.spec.unwrap_or_default();
    let ago = |MicroTime(renewed)| now.saturating_sub(renewed.as_microsecond()).max(0) / 1_000_000;
    Leader {
        holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
        renewed_seconds_ago: spec.renew_time.map(ago),
        lease_seconds: spec.lease_duration_seconds.unwrap_or(0),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
