//! The command line.

use crate::compile::Settings;
use clap::{Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

mod security;
pub use security::{InvalidSecurity, Security};

/// Derives workloads and services from Kubernetes objects and tells each node's probe about them.
#[derive(Clone, Debug, Parser)]
#[command(name = "longwire-operator", version)]
pub struct Options {
    /// Directory of Kubernetes manifests to read and to watch
    #[arg(long, env = "LONGWIRE_MANIFESTS", value_name = "DIR")]
    pub manifests: PathBuf,

    /// Address and port to serve probes on; only loopback, as it is in the clear
    #[arg(
        long,
        env = "LONGWIRE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:15010",
        value_parser = loopback
    )]
    pub listen: SocketAddr,

    /// Name of this cluster in labels
    #[arg(long, env = "LONGWIRE_CLUSTER_NAME", value_name = "NAME", default_value = "Kubernetes")]
    pub cluster_name: String,

    /// What the DNS names of Services end in
    #[arg(long, env = "LONGWIRE_CLUSTER_DOMAIN", value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,

    /// Namespace whose annotations are for the whole cluster
    #[arg(long, env = "LONGWIRE_ROOT_NAMESPACE", value_name = "NAMESPACE", default_value = "longwire-system")]
    pub root_namespace: String,

    #[command(flatten)]
    pub security: Security,

    /// Shape of the log lines on stderr
    #[arg(long, env = "LONGWIRE_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

impl Options {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            cluster_name: self.cluster_name.clone(),
            cluster_domain: self.cluster_domain.clone(),
            root_namespace: self.root_namespace.clone(),
        }
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "not an address and a port, as in 127.0.0.1:15010".to_owned())?;
    if address.ip().to_canonical().is_loopback() {
        return Ok(address);
    }
    Err(format!(
        "{} is not a loopback address, and there is no TLS yet: use 127.0.0.1 or [::1] and run the probe on this machine",
        address.ip()
    ))
}

#[cfg(test)]
mod tests;
