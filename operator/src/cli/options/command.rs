//! What the program does besides serving: jobs of the chart, each to its end.

use super::Options;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Derives workloads and services from Kubernetes objects and tells each node's probe about them.
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
    /// The kinds TelemetryPolicy, ExtraStatTags and StatsMatcher
    #[command(subcommand)]
    Crds(Crds),
    /// Wait at the end of an uninstallation until nothing of Longwire is left in any node's kernel
    #[command(name = "retire")]
    Uninstall(Uninstall),
    /// Make a known transfer and compare what this node's probe says of it
    #[command(name = "prove")]
    SelfTest(SelfTest),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Crds {
    /// Apply this release's definitions to the API server, whoever made those that are there
    Apply,
    /// Print them
    Print,
}

#[derive(Clone, Debug, Args)]
pub struct Uninstall {
    /// Namespace of the DaemonSet longwire-cleanup [default: that of this pod]
    #[arg(long, env = "LONGWIRE_NAMESPACE", value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Nodes that are silent for longer are named and left, 5s to 1h
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
    /// Whom to ask for its health, again and again, in plain HTTP: anybody whose namespace and workload a label names
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: String,

    /// This node's probe
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub probe: String,

    /// File with a token whose user may read the probe's metrics; where it has --metrics-auth
    #[arg(long, value_name = "FILE")]
    pub(crate) probe_token: Option<PathBuf>,

    /// Workload and namespace of this pod, as labels have it
    #[arg(long, value_name = "NAMESPACE/WORKLOAD")]
    pub source: String,

    /// Workload and namespace of the server
    #[arg(long, value_name = "NAMESPACE/WORKLOAD")]
    pub destination: String,

    /// Connections to make, one after the other
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 10)]
    pub connections: u32,

    /// How long the probe may take to say it
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}
