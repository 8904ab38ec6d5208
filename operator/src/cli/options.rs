//! The command line.

use crate::policy::compile::Settings;
use clap::{Parser, ValueEnum};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

mod command;
mod replica;
mod security;

pub use command::{Command, CommandLine, Crds, SelfTest, Uninstall};
pub(crate) use replica::Replica;
pub(crate) use security::{InvalidSecurity, Security, own_namespace};

/// Derives workloads and services from Kubernetes objects and sends each node's probe those that it needs.
#[derive(Clone, Debug, Parser)]
#[command(name = "longwire-operator")]
pub struct Options {
    /// Directory of Kubernetes manifests to read and watch, instead of an API server
    #[arg(long, env = "LONGWIRE_MANIFESTS", value_name = "DIR")]
    pub manifests: Option<PathBuf>,

    #[command(flatten)]
    pub replica: Replica,

    /// Address and port for probes [default: 0.0.0.0:15010 on a cluster; with --manifests 127.0.0.1:15010, and only
    /// loopback, because it is plaintext]
    #[arg(long, env = "LONGWIRE_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,

    /// Name of this cluster in labels
    #[arg(long, env = "LONGWIRE_CLUSTER_NAME", value_name = "NAME", default_value = "Kubernetes")]
    pub cluster_name: String,

    /// Suffix of the DNS names of Services
    #[arg(long, env = "LONGWIRE_CLUSTER_DOMAIN", value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,

    /// Namespace whose policies and annotations apply to the whole cluster
    #[arg(long, env = "LONGWIRE_ROOT_NAMESPACE", value_name = "NAMESPACE", default_value = "longwire-system")]
    pub root_namespace: String,

    /// File with a TelemetryPolicy whose values are the defaults; read once, at the start
    #[arg(long, env = "LONGWIRE_DEFAULTS", value_name = "FILE")]
    pub defaults: Option<PathBuf>,

    #[command(flatten)]
    pub security: Security,

    /// Format of the log lines on stderr
    #[arg(long, env = "LONGWIRE_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a loopback address, and with manifests everything is served in plaintext: use 127.0.0.1 or [::1] with {1} and \
         run the probe on this machine"
)]
pub struct InvalidListen(IpAddr, &'static str);

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const EVERYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const CONTROL: u16 = 15010;
const METRICS: u16 = 15011;
const HEALTH: u16 = 15012;

impl Options {
    /// Where probes are served. In the clear only on this machine.
    pub fn listen(&self) -> Result<SocketAddr, InvalidListen> {
        let usual = if self.manifests.is_some() { LOOPBACK } else { EVERYWHERE };
        let address = self.listen.unwrap_or((usual, CONTROL).into());
        self.in_the_clear(address, "--listen")
    }

    /// Where the live API is served; `None`: nowhere. In the clear only on this machine.
    pub(crate) fn live_listen(&self) -> Result<Option<SocketAddr>, InvalidListen> {
        self.security.live_listen.map(|address| self.in_the_clear(address, "--live-listen")).transpose()
    }

    fn in_the_clear(&self, address: SocketAddr, flag: &'static str) -> Result<SocketAddr, InvalidListen> {
        if self.manifests.is_some() && !address.ip().to_canonical().is_loopback() {
            return Err(InvalidListen(address.ip(), flag));
        }
        Ok(address)
    }

    /// Where /metrics is served; `None`: nowhere.
    #[must_use]
    pub(crate) fn metrics_listen(&self) -> Option<SocketAddr> {
        let usual = self.manifests.is_none().then_some((EVERYWHERE, METRICS).into());
        self.security.metrics_listen.or(usual)
    }

    /// Where /healthz and /readyz are served; `None`: nowhere.
    #[must_use]
    pub(crate) fn health_listen(&self) -> Option<SocketAddr> {
        let usual = self.manifests.is_none().then_some((EVERYWHERE, HEALTH).into());
        self.security.health_listen.or(usual)
    }

    /// Flags that need an API server are refused without one.
    pub(crate) fn check_readers(&self) -> Result<(), InvalidSecurity> {
        if self.manifests.is_some() && self.security.metrics_auth {
            return Err(InvalidSecurity::NoApiServerForReaders);
        }
        if self.manifests.is_some() && self.security.webhook_listen.is_some() {
            return Err(InvalidSecurity::NoApiServerForWebhook);
        }
        Ok(())
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            cluster_name: self.cluster_name.clone(),
            cluster_domain: self.cluster_domain.clone(),
            root_namespace: self.root_namespace.clone(),
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address and a port, as in 127.0.0.1:15010".to_owned())
}

#[cfg(test)]
mod tests;
