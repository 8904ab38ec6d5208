//! Starts certificates, keys and authentication on a cluster.

use crate::cluster::auth::readers::{LIMITS_OF_PROBES, Reviewer};
use crate::cluster::auth::{Gate, Keys};
use crate::cluster::owner_reference::OwnerReferences;
use crate::cluster::tls::{self, CertificateReconciler, Lifetimes, Serving};
use crate::counters::Counters;
use crate::index::probes::{Account, ProbePods};
use kube::Client;
use longwire_endpoint::Readers;
use longwire_endpoint::readers::ReaderLimits;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::rustls::{self, ServerConfig};

/// Settings of certificates and authentication.
#[derive(Debug)]
pub struct Settings {
    /// ServiceAccount of the probes, in the operator's own namespace.
    pub account: Account,
    pub lifetimes: Lifetimes,
    /// Deployment that owns what the operator creates; `None`: nothing does.
    pub(crate) deployment: Option<String>,
    /// Whether /metrics is for authorized readers alone.
    pub(crate) metrics_auth: bool,
    /// Whether the API server may call the admission webhook.
    pub webhook: bool,
    /// Whether the API server may forward requests to the live API.
    pub live: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct InsecureStart(#[from] rustls::Error);

/// Dropped, its tasks end.
#[derive(Debug)]
pub struct Guard {
    pub gate: Arc<Gate>,
    /// Those of probes' metrics.
    pub readers: Arc<Readers>,
    /// Those of the operator's own metrics; `None`: any client.
    pub own_readers: Option<Arc<Readers>>,
    /// Serves handshakes as soon as there is a certificate, and refuses them before.
    pub tls: Arc<ServerConfig>,
    pub certificate: watch::Receiver<Option<Serving>>,
    _tasks: JoinSet<()>,
}

/// Waits for nothing: an API server that is away now is found when it is back.
pub fn start(
    client: &Client,
    settings: Settings,
    pods: watch::Receiver<ProbePods>,
    counters: Arc<Counters>,
) -> Result<Guard, InsecureStart> {
    let Settings { account, lifetimes, deployment, metrics_auth, webhook, live } = settings;
    let namespace = account.namespace.as_str();
    let names = tls::names(namespace);
    let owner = OwnerReferences::new(client.clone(), namespace, deployment.as_deref());
    let (reconciler, certificate) = CertificateReconciler::new(client.clone(), namespace, names, lifetimes, owner);
    let reconciler = if webhook { reconciler.with_webhook(client.clone()) } else { reconciler };
    let reconciler = if live { reconciler.with_api_service(client.clone(), Arc::clone(&counters)) } else { reconciler };
    let tls = tls::configuration(certificate.clone())?;
    let keys = Keys::new(client.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(reconciler.run(seconds));
    tasks.spawn(keys.clone().keep());
    let reviewer = Reviewer::new(client.clone(), keys.clone());
    let own = || Readers::new(Arc::<Reviewer>::clone(&reviewer), ReaderLimits::PAGE);
    let own_readers = metrics_auth.then(own);
    let readers = Readers::new(reviewer, LIMITS_OF_PROBES);
    let gate = Arc::new(Gate::new(client.clone(), account, keys, pods, counters));
    Ok(Guard { gate, readers, own_readers, tls, certificate, _tasks: tasks })
}

/// A clock before 1970 is as good as none.
fn seconds() -> tls::UnixSeconds {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
