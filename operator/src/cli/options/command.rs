//! The subcommands: jobs of the chart, each of which runs to completion.

use super::Options;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Derives workloads and services from Kubernetes objects and sends each node's probe those that it needs.
#[derive(Clone, Debug, Parser)]
#[command(name = "longwire-operator", version = longwire_model::build::line(), args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// CustomResourceDefinitions of TelemetryPolicy, ExtraStatTags and StatsMatcher
    #[command(subcommand)]
    Crds(Crds),
    /// Wait at the end of an uninstallation until the programs and maps are removed from every node's kernel
    #[command(name = "wait-for-cleanup", alias = "retire")]
    Uninstall(Uninstall),
    /// Transfer a known number of bytes and compare it with the metrics of this node's probe
    #[command(name = "self-test", alias = "prove")]
    SelfTest(SelfTest),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Crds {
    /// Apply this release's definitions to the API server, and take over the ownership of their fields
    Apply,
    /// Print them
    Print,
}

#[derive(Clone, Debug, Args)]
pub struct Uninstall {
    /// Namespace of the DaemonSet longwire-cleanup [default: that of this pod]
    #[arg(long, env = "LONGWIRE_NAMESPACE", value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Timeout for a node, 5s to 1h; nodes that have not finished by then are named
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = cleanup_timeout)]
    pub timeout: Duration,
}

/// The chart's schema has the same bounds.
fn cleanup_timeout(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if !(Duration::from_secs(5)..=Duration::from_secs(3600)).contains(&duration) {
        return Err("it must be between 5s and 1h".to_owned());
    }
    Ok(duration)
}

#[derive(Clone, Debug, Args)]
pub struct SelfTest {
    /// Address of the server: plain HTTP requests for its health are the transfer
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: String,

    /// Address of this node's probe
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub probe: String,

    /// File with a token whose user may read the probe's metrics; if it has --metrics-auth
    #[arg(long, value_name = "FILE")]
    pub(crate) probe_token: Option<PathBuf>,

    /// Namespace and workload of this pod, as in the labels of the metrics
    #[arg(long, value_name = "NAMESPACE/WORKLOAD")]
    pub source: String,

    /// Namespace and workload of the server
    #[arg(long, value_name = "NAMESPACE/WORKLOAD")]
    pub destination: String,

    /// Connections to make, one after the other
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 10)]
    pub connections: u32,

    /// Timeout until the probe has counted the transfer
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}
