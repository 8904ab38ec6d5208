//! Starts what keeps strangers out on a cluster: certificates, keys, the gate.

use crate::auth::readers::{QUESTIONS, Reviewer};
use crate::auth::{Gate, Keys, ProbePods};
use crate::belonging::Belonging;
use crate::figures::Figures;
use crate::options::{InvalidSecurity, Security};
use crate::tls::{self, Keeper, Serving};
use kube::Client;
use longwire_endpoint::Readers;
use longwire_endpoint::readers::ReaderLimits;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::rustls::{self, ServerConfig};

#[derive(Debug, thiserror::Error)]
pub enum InsecureStart {
    #[error(transparent)]
    Options(#[from] InvalidSecurity),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Dropped, its tasks end.
#[derive(Debug)]
pub struct Guard {
    pub gate: Arc<Gate>,
    /// Those of probes' metrics.
    pub readers: Arc<Readers>,
    /// Those of the operator's own; `None`: anybody.
    pub own_readers: Option<Arc<Readers>>,
    /// Serves handshakes as soon as there is a certificate, and refuses them before.
    pub tls: Arc<ServerConfig>,
    pub certificate: watch::Receiver<Option<Serving>>,
    _tasks: JoinSet<()>,
}

/// Waits for nothing: an API server that is away now is found when it is back.
pub fn start(
    client: &Client,
    options: &Security,
    pods: watch::Receiver<ProbePods>,
    figures: Arc<Figures>,
) -> Result<Guard, InsecureStart> {
    let (namespace, lifetimes) = (options.namespace()?, options.lifetimes()?);
    let names = tls::names(&namespace);
    let belonging = Belonging::new(client.clone(), &namespace, options.deployment.as_deref());
    let (keeper, certificate) = Keeper::new(client.clone(), &namespace, names, lifetimes, belonging);
    let keeper = match options.webhook_listen {
        Some(_) => keeper.with_webhook(client.clone()),
        None => keeper,
    };
    let tls = tls::configuration(certificate.clone())?;
    let keys = Keys::new(client.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(keeper.keep(seconds));
    tasks.spawn(keys.clone().keep());
    let reviewer = Reviewer::new(client.clone(), keys.clone());
    let own = || Readers::new(Arc::<Reviewer>::clone(&reviewer), ReaderLimits::PAGE);
    let own_readers = options.metrics_auth.then(own);
    let readers = Readers::new(reviewer, QUESTIONS);
    let gate = Arc::new(Gate::new(client.clone(), options.account()?, keys, pods, figures));
    Ok(Guard { gate, readers, own_readers, tls, certificate, _tasks: tasks })
}

/// A clock before 1970 is as good as none.
fn seconds() -> tls::UnixSeconds {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
