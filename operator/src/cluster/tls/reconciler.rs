//! Reconciles Secret and ConfigMap with the plan, and passes the Secret's content to serving.
//!
//! Every replica does this. The second one to renew is refused by the resourceVersion, and takes what the first one wrote.

use super::material::{InvalidMaterial, Material};
use super::{InvalidCertificate, Lifetimes, Serving, Step, UnixSeconds, plan, publish};
use crate::cluster::owner_reference::OwnerReferences;
use crate::counters::Counters;
use crate::source::api_server::client::chain;
use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kube::api::{Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use longwire_crds::WEBHOOK;
use longwire_crds::names::{CA_BUNDLE, CA_CONFIG_MAP, OPERATOR, TLS_SECRET};
use longwire_live::API_SERVICE;
use serde_json::json;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Between two reads when nothing is due: a deleted ConfigMap is restored after this.
const POLL: Duration = Duration::from_secs(60);
/// After something that did not work.
const AGAIN: Duration = Duration::from_secs(2);
/// A failure that lasts less than this is not logged.
const LASTING: Duration = Duration::from_secs(10);
/// For one request to the API server.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct CertificateReconciler {
    secrets: Api<Secret>,
    maps: Api<ConfigMap>,
    /// `None`: there is no webhook.
    webhooks: Option<Api<ValidatingWebhookConfiguration>>,
    /// `None`: there is no live API.
    api_services: Option<(Api<APIService>, Arc<Counters>)>,
    names: Vec<String>,
    lifetimes: Lifetimes,
    owner: OwnerReferences,
    serving: watch::Sender<Option<Serving>>,
    /// resourceVersion of the Secret that is served.
    served: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum ReconcileFailure {
    #[error("Secret {TLS_SECRET}: {}", chain(.0))]
    Secret(#[source] kube::Error),
    #[error("ConfigMap {CA_CONFIG_MAP}: {}", chain(.0))]
    ConfigMap(#[source] kube::Error),
    #[error("ValidatingWebhookConfiguration {}: {}", WEBHOOK.0, chain(.0))]
    Webhook(#[source] kube::Error),
    #[error("APIService {API_SERVICE}: {}", chain(.0))]
    ApiService(#[source] kube::Error),
    #[error("the API server did not answer within {TIMEOUT:?}")]
    Silent,
    #[error(transparent)]
    Certificate(#[from] InvalidCertificate),
    #[error(transparent)]
    Material(#[from] InvalidMaterial),
}

impl CertificateReconciler {
    /// The receiver holds nothing until there is a certificate.
    #[must_use]
    pub fn new(
        client: Client,
        namespace: &str,
        names: Vec<String>,
        lifetimes: Lifetimes,
        owner: OwnerReferences,
    ) -> (Self, watch::Receiver<Option<Serving>>) {
        let (serving, served) = watch::channel(None);
        let secrets = Api::namespaced(client.clone(), namespace);
        let maps = Api::namespaced(client, namespace);
        let (webhooks, api_services) = (None, None);
        (Self { secrets, maps, webhooks, api_services, names, lifetimes, owner, serving, served: None }, served)
    }

    /// The webhook's configuration gets the authorities too, so that the API server trusts the webhook.
    #[must_use]
    pub(crate) fn with_webhook(mut self, client: Client) -> Self {
        self.webhooks = Some(Api::all(client));
        self
    }

    /// The APIService gets the authorities too, so that the API server trusts the live API.
    #[must_use]
    pub(crate) fn with_api_service(mut self, client: Client, counters: Arc<Counters>) -> Self {
        self.api_services = Some((Api::all(client), counters));
        self
    }

    /// For as long as the operator runs.
    pub async fn run(mut self, clock: impl Fn() -> UnixSeconds) {
        let watched = watcher::watch_object(self.secrets.clone(), TLS_SECRET).default_backoff();
        let mut watched = pin!(watched);
        // Nothing is created before the API server has answered that nothing exists.
        let mut secret = None;
        let mut wait = None;
        let (mut failing, mut warned) = (None::<Instant>, false);
        loop {
            let seen = match wait {
                None => watched.next().await,
                Some(wait) => tokio::time::timeout(wait, watched.next()).await.unwrap_or(Some(Ok(secret.clone()))),
            };
            match seen {
                Some(Ok(seen)) => secret = seen,
                Some(Err(error)) => {
                    tracing::debug!(%error, "Secret {TLS_SECRET} cannot be watched");
                    continue;
                }
                None => return,
            }
            let looked = self.look(&mut secret, clock()).await;
            if let Err(error) = &looked {
                // A role that has just been given is not known to every part of an API server at once.
                let lasted = failing.get_or_insert_with(Instant::now).elapsed();
                if lasted >= LASTING && !std::mem::replace(&mut warned, true) {
                    tracing::warn!(
                        "cannot renew certificates: {error}; retrying every {AGAIN:?}, for {lasted:.0?} now"
                    );
                }
            } else {
                (failing, warned) = (None, false);
            }
            wait = Some(looked.unwrap_or(AGAIN));
        }
    }

    /// One look at what there is: renews what is due, serves and publishes the outcome. Returns when to look again.
    async fn look(&mut self, secret: &mut Option<Secret>, now: UnixSeconds) -> Result<Duration, ReconcileFailure> {
        let held = secret.as_ref().map(|secret| (Material::read(&bytes(secret)), secret));
        let renewed = match held {
            None => Material::create(&self.names, self.lifetimes, now)?,
            Some((Err(error), _)) => {
                tracing::error!(%error, "Secret {TLS_SECRET} cannot be used, and is replaced");
                Material::create(&self.names, self.lifetimes, now)?
            }
            Some((Ok(material), held)) => match plan(&material.held(&self.names), self.lifetimes, now) {
                Step::Keep { until } => {
                    self.serve(&material, held)?;
                    self.publish(&material).await?;
                    return Ok(POLL.min(Duration::from_secs(until.saturating_sub(now).max(1))));
                }
                step => {
                    // Meanwhile what is there is better than nothing.
                    self.serve(&material, held)?;
                    tracing::info!("certificates are renewed: {}", step.name());
                    material.take(step, &self.names, self.lifetimes, now)?
                }
            },
        };
        match self.store(&renewed, secret.as_ref()).await {
            Ok(stored) => {
                self.serve(&renewed, &stored)?;
                *secret = Some(stored);
                self.publish(&renewed).await?;
                // One step may make the next one due.
                Ok(Duration::ZERO)
            }
            Err(ReconcileFailure::Secret(kube::Error::Api(status))) if matches!(status.code, 404 | 409) => {
                tracing::debug!("another replica was first with Secret {TLS_SECRET}");
                *secret = self.read().await?;
                Ok(Duration::ZERO)
            }
            Err(error) => Err(error),
        }
    }

    fn serve(&mut self, material: &Material, secret: &Secret) -> Result<(), InvalidMaterial> {
        if self.serving.borrow().is_some() && self.served == secret.metadata.resource_version {
            return Ok(());
        }
        publish(material, &self.serving)?;
        self.served.clone_from(&secret.metadata.resource_version);
        Ok(())
    }

    async fn store(&self, material: &Material, former: Option<&Secret>) -> Result<Secret, ReconcileFailure> {
        let data = material.write().into_iter().map(|(key, bytes)| (key, ByteString(bytes))).collect();
        let mut secret = Secret { data: Some(data), ..Secret::default() };
        secret.metadata.name = Some(TLS_SECRET.to_owned());
        let params = PostParams { field_manager: Some(OPERATOR.to_owned()), ..PostParams::default() };
        let stored = match former {
            None => {
                let owners = answer(self.owner.references()).await?.map_err(ReconcileFailure::Secret)?;
                secret.metadata.owner_references = owners;
                answer(self.secrets.create(&params, &secret)).await?
            }
            Some(former) => {
                // Fields of other managers are kept.
                secret.metadata = former.metadata.clone();
                secret.metadata.managed_fields = None;
                secret.type_.clone_from(&former.type_);
                answer(self.secrets.replace(TLS_SECRET, &params, &secret)).await?
            }
        };
        stored.map_err(ReconcileFailure::Secret)
    }

    async fn read(&self) -> Result<Option<Secret>, ReconcileFailure> {
        answer(self.secrets.get_opt(TLS_SECRET)).await?.map_err(ReconcileFailure::Secret)
    }

    async fn publish(&self, material: &Material) -> Result<(), ReconcileFailure> {
        let mut map =
            ConfigMap { data: Some([(CA_BUNDLE.to_owned(), material.bundle())].into()), ..ConfigMap::default() };
        map.metadata.name = Some(CA_CONFIG_MAP.to_owned());
        map.metadata.owner_references = answer(self.owner.references()).await?.map_err(ReconcileFailure::ConfigMap)?;
        let params = PatchParams::apply(OPERATOR).force();
        let applied = answer(self.maps.patch(CA_CONFIG_MAP, &params, &Patch::Apply(&map))).await?;
        applied.map(drop).map_err(ReconcileFailure::ConfigMap)?;
        let bundle = ByteString(material.bundle().into_bytes());
        if let Some(webhooks) = &self.webhooks {
            let (name, webhook) = WEBHOOK;
            let patch = json!({"webhooks": [{"name": webhook, "clientConfig": {"caBundle": bundle}}]});
            let patched = answer(webhooks.patch(name, &PatchParams::default(), &Patch::Strategic(&patch))).await?;
            patched.map_err(ReconcileFailure::Webhook)?;
        }
        if let Some((services, counters)) = &self.api_services {
            let patch = json!({"spec": {"caBundle": bundle}});
            let patched = answer(services.patch(API_SERVICE, &PatchParams::default(), &Patch::Merge(&patch))).await;
            counters.live.is_trusted(matches!(patched, Ok(Ok(_))));
            patched?.map_err(ReconcileFailure::ApiService)?;
        }
        Ok(())
    }
}

async fn answer<T>(request: impl Future<Output = kube::Result<T>>) -> Result<kube::Result<T>, ReconcileFailure> {
    tokio::time::timeout(TIMEOUT, request).await.map_err(|_| ReconcileFailure::Silent)
}

fn bytes(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    let data = secret.data.iter().flatten();
    data.map(|(key, ByteString(bytes))| (key.clone(), bytes.clone())).collect()
}
