//! The part of the command line about certificates and authentication.

use crate::cluster::guard;
use crate::cluster::tls::Lifetimes;
use crate::index::probes::Account;
use clap::Args;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

/// Where Kubernetes mounts a container's own namespace.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

#[derive(Clone, Debug, Args)]
pub struct Security {
    /// Namespace of the operator, the probes and the operator's own objects [default: that of its pod]
    #[arg(long, env = "LONGWIRE_NAMESPACE", value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Deployment of this operator, in that namespace: the owner of the objects that the operator creates [default: none]
    #[arg(long, env = "LONGWIRE_DEPLOYMENT", value_name = "NAME")]
    pub(crate) deployment: Option<String>,

    /// ServiceAccount of the probes; no other client may connect
    #[arg(long, env = "LONGWIRE_PROBE_SERVICE_ACCOUNT", value_name = "NAME", default_value = "longwire-probe")]
    pub(crate) probe_service_account: String,

    /// Address and port of /metrics [default: 0.0.0.0:15011 on a cluster, else none]
    #[arg(long, env = "LONGWIRE_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Address and port of /healthz and /readyz, which scrapes cannot delay [default: 0.0.0.0:15012 on a cluster, else none]
    #[arg(long, env = "LONGWIRE_HEALTH_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) health_listen: Option<SocketAddr>,

    /// Serve /metrics only to readers that the API server authorizes: with a bearer token whose user may get the
    /// non-resource URL /metrics
    #[arg(long, env = "LONGWIRE_METRICS_AUTH")]
    pub(crate) metrics_auth: bool,

    /// Address and port of the validating webhook, with https, for the API server [default: none]
    #[arg(long, env = "LONGWIRE_WEBHOOK_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) webhook_listen: Option<SocketAddr>,

    /// Address and port of the live API. On a cluster with https, for the API server alone, which needs an APIService for
    /// it; with --manifests in the clear, and only on loopback [default: none]
    #[arg(long, env = "LONGWIRE_LIVE_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) live_listen: Option<SocketAddr>,

    /// Lifetime of the serving certificate; it is renewed after two thirds
    #[arg(
        long,
        env = "LONGWIRE_CERTIFICATE_LIFETIME",
        value_name = "DURATION",
        default_value = "7d",
        hide = true,
        value_parser = humantime::parse_duration
    )]
    pub(crate) certificate_lifetime: Duration,

    /// Lifetime of the CA that signs it; it is renewed after two thirds
    #[arg(
        long,
        env = "LONGWIRE_AUTHORITY_LIFETIME",
        value_name = "DURATION",
        default_value = "365d",
        hide = true,
        value_parser = humantime::parse_duration
    )]
    pub(crate) authority_lifetime: Duration,

    /// Time for the distribution of a new CA to every probe, before it signs a certificate
    #[arg(
        long,
        env = "LONGWIRE_AUTHORITY_SPREAD",
        value_name = "DURATION",
        default_value = "10m",
        hide = true,
        value_parser = humantime::parse_duration
    )]
    pub(crate) authority_spread: Duration,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecurity {
    #[error("the operator's own namespace is not known, because it does not run in a pod: set --namespace")]
    NoNamespace,
    #[error("--metrics-auth needs an API server, and with --manifests there is none: leave it out")]
    NoApiServerForReaders,
    #[error("--webhook-listen needs an API server, and with --manifests there is none: leave it out")]
    NoApiServerForWebhook,
    #[error(
        "lifetimes do not fit: --authority-spread must be below half of --certificate-lifetime, and that below a quarter of \
         --authority-lifetime"
    )]
    Lifetimes,
}

impl Security {
    pub fn namespace(&self) -> Result<String, InvalidSecurity> {
        own_namespace(self.namespace.as_deref())
    }

    pub fn account(&self) -> Result<Account, InvalidSecurity> {
        Ok(Account { namespace: self.namespace()?, name: self.probe_service_account.clone() })
    }

    /// What certificates and authentication are started with.
    pub fn guard(&self) -> Result<guard::Settings, InvalidSecurity> {
        Ok(guard::Settings {
            account: self.account()?,
            lifetimes: self.lifetimes()?,
            deployment: self.deployment.clone(),
            metrics_auth: self.metrics_auth,
            webhook: self.webhook_listen.is_some(),
            live: self.live_listen.is_some(),
        })
    }

    /// A certificate outlives the time that its authority's successor needs, and an authority its certificates.
    pub fn lifetimes(&self) -> Result<Lifetimes, InvalidSecurity> {
        let Self { certificate_lifetime, authority_lifetime, authority_spread, .. } = self;
        let (leaf, authority) = (certificate_lifetime.as_secs(), authority_lifetime.as_secs());
        let spread = authority_spread.as_secs();
        if leaf == 0 || spread * 2 >= leaf || leaf * 4 > authority {
            return Err(InvalidSecurity::Lifetimes);
        }
        Ok(Lifetimes { leaf, authority, spread })
    }
}

/// Reads, in this order, the flag, POD_NAMESPACE, and what Kubernetes has mounted.
pub(crate) fn own_namespace(flag: Option<&str>) -> Result<String, InvalidSecurity> {
    let given = flag.map(str::to_owned).or_else(|| std::env::var("POD_NAMESPACE").ok());
    let found = given.or_else(|| fs::read_to_string(OWN_NAMESPACE).ok());
    let found = found.map(|namespace| namespace.trim().to_owned()).filter(|namespace| !namespace.is_empty());
    found.ok_or(InvalidSecurity::NoNamespace)
}

#[cfg(test)]
mod tests;
