//! Who may connect as kube-apiserver, as the cluster's own ConfigMap says it.
//!
//! kube-apiserver forwards a request with the user's name in headers, and proves by a client certificate that it may. Whoever
//! has such a certificate can speak as any user, so a configuration under which users' own certificates would do is refused.

mod certificate;
mod configuration;

pub(super) use configuration::HeaderNames;

use crate::cluster::tls::{self, Serving};
use crate::counters::Counters;
use crate::source::api_server::client::chain;
use configuration::{Configuration, InvalidFrontProxy};
use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_rustls::rustls::{self, ServerConfig};

const NAMESPACE: &str = "kube-system";
const CONFIG_MAP: &str = "extension-apiserver-authentication";
/// Kubernetes' own Role for those who read it.
const READER: &str = "extension-apiserver-authentication-reader";
/// A failure that lasts less than this is not logged.
const LASTING: Duration = Duration::from_secs(10);

/// How a connection of kube-apiserver is served.
pub(super) struct Door {
    pub(super) tls: Arc<ServerConfig>,
    pub(super) headers: HeaderNames,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("headers", &self.headers).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
enum NoDoor {
    #[error(transparent)]
    Configuration(#[from] InvalidFrontProxy),
    #[error("the authorities cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// Keeps the door as the ConfigMap says.
pub(super) struct Follower {
    client: Client,
    certificate: watch::Receiver<Option<Serving>>,
    door: watch::Sender<Option<Arc<Door>>>,
    counters: Arc<Counters>,
    /// What it was made from.
    known: Option<Configuration>,
}

impl Follower {
    pub(super) fn new(
        client: Client,
        certificate: watch::Receiver<Option<Serving>>,
        door: watch::Sender<Option<Arc<Door>>>,
        counters: Arc<Counters>,
    ) -> Self {
        Self { client, certificate, door, counters, known: None }
    }

    /// For as long as the operator runs.
    pub(super) async fn run(mut self) {
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), NAMESPACE);
        let mut watched = pin!(watcher::watch_object(maps, CONFIG_MAP).default_backoff());
        let (mut failing, mut warned) = (None::<Instant>, false);
        while let Some(seen) = watched.next().await {
            match seen {
                Ok(map) => {
                    (failing, warned) = (None, false);
                    self.take(&map.and_then(|map| map.data).unwrap_or_default());
                }
                Err(error) => {
                    let lasted = failing.get_or_insert_with(Instant::now).elapsed();
                    let error = chain(&error);
                    if lasted >= LASTING && !std::mem::replace(&mut warned, true) {
                        tracing::warn!(
                            "ConfigMap {NAMESPACE}/{CONFIG_MAP} cannot be read: {error}; may the operator's account read it, by a \
                             RoleBinding to {READER} in {NAMESPACE}?"
                        );
                    }
                }
            }
        }
    }

    fn take(&mut self, data: &BTreeMap<String, String>) {
        let configuration = Configuration::read(data);
        if configuration.as_ref().ok() == self.known.as_ref() && self.known.is_some() {
            return;
        }
        match configuration
            .map_err(NoDoor::from)
            .and_then(|configuration| self.open(&configuration).map(|door| (configuration, door)))
        {
            Ok((configuration, door)) => {
                tracing::info!(names = ?configuration.names, "the live API is open to the API server");
                self.known = Some(configuration);
                self.door.send_replace(Some(Arc::new(door)));
            }
            Err(error) => {
                tracing::error!("the live API refuses every connection: ConfigMap {NAMESPACE}/{CONFIG_MAP}: {error}");
                self.known = None;
                self.door.send_replace(None);
            }
        }
        self.counters.live.knows_front_proxy(self.known.is_some());
    }

    fn open(&self, configuration: &Configuration) -> Result<Door, NoDoor> {
        let verifier = certificate::verifier(&configuration.authorities, &configuration.names)?;
        let tls = tls::for_api_server(self.certificate.clone(), verifier)?;
        Ok(Door { tls, headers: configuration.headers.clone() })
    }
}
