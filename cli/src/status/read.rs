//! Asks the API server.

use super::found::{Found, Leader, Operator, Part, Probes};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::ListParams;
use kube::{Api, Client};
use longwire_live::{API_SERVICE, GROUP, Probe};
use longwire_operator::source::api_server::client::chain;
use std::time::{SystemTime, UNIX_EPOCH};

/// Of the Deployment and of the Lease.
const OPERATOR: &str = "longwire-operator";
const PAGE: u32 = 500;
/// Kubernetes is made for clusters of at most 5,000 nodes.
const MOST: usize = 20_000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error(
        "the cluster does not serve the live API: APIService {API_SERVICE} is not there: switch it on with `helm upgrade longwire \
         charts/longwire --namespace {0} --reuse-values --set live.enabled=true`, or name another cluster with --context"
    )]
    NoApi(String),
    #[error(
        "you may not list probes.{GROUP}: {0}: ask for a ClusterRoleBinding to the ClusterRole longwire-live-probes, or to view, which \
         includes it"
    )]
    Forbidden(String),
    #[error("the cluster does not answer: {0}")]
    Silent(String),
    #[error("the cluster has more than {MOST} probes: look at some with `kubectl get probes.{GROUP}`")]
    TooMany,
}

pub(super) async fn read(client: &Client, namespace: &str) -> Result<Found, Unread> {
    let probes = probes(client, namespace).await?;
    let deployments = Api::<Deployment>::namespaced(client.clone(), namespace);
    let leases = Api::<Lease>::namespaced(client.clone(), namespace);
    let operator = part(deployments.get_opt(OPERATOR).await)?.map(operator);
    let leader = part(leases.get_opt(OPERATOR).await)?.map(|lease| leader(lease, now()));
    Ok(Found { operator, leader, probes })
}

async fn probes(client: &Client, namespace: &str) -> Result<Probes, Unread> {
    let api = Api::<Probe>::all(client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    let mut probes = Vec::new();
    loop {
        let page = match api.list(&parameters).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == 404 => return Err(Unread::NoApi(namespace.to_owned())),
            Err(error @ kube::Error::Api(_)) if code(&error) == Some(403) => {
                return Err(Unread::Forbidden(chain(&error)));
            }
            Err(error) if matches!(code(&error), Some(500..)) => return Ok(Probes::Unavailable(chain(&error))),
            Err(error) => return Err(Unread::Silent(chain(&error))),
        };
        probes.extend(page.items);
        if probes.len() > MOST {
            return Err(Unread::TooMany);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(Probes::Known(probes)),
        }
    }
}

fn code(error: &kube::Error) -> Option<u16> {
    if let kube::Error::Api(status) = error { Some(status.code) } else { None }
}

fn part<T>(outcome: kube::Result<Option<T>>) -> Result<Part<T>, Unread> {
    match outcome {
        Ok(Some(it)) => Ok(Part::Known(it)),
        Ok(None) => Ok(Part::Absent),
        Err(error) if code(&error) == Some(403) => Ok(Part::Hidden),
        Err(error) => Err(Unread::Silent(chain(&error))),
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
