//! The command line.

use crate::control::{InvalidOperator, Operator};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use longwire_pipeline::pipeline::KubeletCgroups;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Watches the TCP connections of this node's pods and exposes them to Prometheus.
#[derive(Debug, Parser)]
#[command(version = longwire_model::build::line(), args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    _command: Option<Command>,
    #[command(flatten)]
    _options: Option<Options>,
}

/// What the command line requests.
#[derive(Debug)]
pub(crate) enum Task {
    Run(Box<Options>),
    Perform(Command),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Remove the programs, maps and state of a stopped probe
    Uninstall(Uninstall),
}

#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// The probe's --pin-dir
    #[arg(long, env = "LONGWIRE_PIN_DIR", value_name = "DIR")]
    pub(crate) pin_dir: PathBuf,

    /// The probe's --state-dir
    #[arg(long, env = "LONGWIRE_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: PathBuf,

    /// Keep running afterwards, and answer HTTP requests on this address with success, until a signal
    #[arg(long, env = "LONGWIRE_STAY", value_name = "ADDRESS:PORT")]
    pub(crate) stay: Option<SocketAddr>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// URL of the operator; https, or plain http on loopback
    #[arg(long, env = "LONGWIRE_OPERATOR", value_name = "URL", value_parser = operator_url)]
    pub(crate) operator: String,

    /// File with the CA certificates that verify the operator's certificate; for https
    #[arg(long, env = "LONGWIRE_OPERATOR_CA", value_name = "FILE")]
    pub(crate) operator_ca: Option<PathBuf>,

    /// File with the ServiceAccount token that authenticates this probe; for https
    #[arg(long, env = "LONGWIRE_OPERATOR_TOKEN", value_name = "FILE")]
    pub(crate) operator_token: Option<PathBuf>,

    /// Name in the operator's certificate [default: the host of --operator]
    #[arg(long, env = "LONGWIRE_OPERATOR_NAME", value_name = "NAME")]
    pub(crate) operator_name: Option<String>,

    /// Name of this Node
    #[arg(long, env = "LONGWIRE_NODE_NAME", value_name = "NAME")]
    pub(crate) node_name: String,

    /// Address and port of /metrics
    #[arg(long, env = "LONGWIRE_METRICS_LISTEN", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:15020")]
    pub(crate) metrics_listen: SocketAddr,

    /// Serve /metrics only to readers that the operator authorizes: with a bearer token whose user may get the
    /// non-resource URL /metrics; needs an operator on a cluster
    #[arg(long, env = "LONGWIRE_METRICS_AUTH")]
    pub(crate) metrics_auth: bool,

    /// Expose the creation time of each counter and histogram in OpenMetrics, as one more line for each
    #[arg(long, env = "LONGWIRE_CREATED_TIMESTAMPS")]
    pub(crate) created_timestamps: bool,

    /// Address and port of /healthz and /readyz, which scrapes cannot delay; for the probes of this node's kubelet
    #[arg(long, env = "LONGWIRE_HEALTH_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:15021")]
    pub(crate) health_listen: SocketAddr,

    /// Time between two samples of every live connection, 100ms to 5m
    #[arg(long, env = "LONGWIRE_SAMPLE_INTERVAL", value_name = "DURATION", default_value = "5s", value_parser = interval)]
    pub(crate) sample_interval: Duration,

    /// Age from which a connection has series of its own, 100ms to 1h
    #[arg(
        long,
        env = "LONGWIRE_LONG_CONNECTION_THRESHOLD",
        value_name = "DURATION",
        default_value = "5s",
        value_parser = threshold
    )]
    pub(crate) long_connection_threshold: Duration,

    /// Mount of the cgroup v2 tree [default: /sys/fs/cgroup/unified or /sys/fs/cgroup]
    #[arg(long, env = "LONGWIRE_CGROUP_ROOT", value_name = "DIR")]
    pub(crate) cgroup_root: Option<PathBuf>,

    /// Parent of the pods' cgroups in that tree: `cgroupRoot` of the kubelet's configuration [default: / or /kubelet]
    #[arg(long, env = "LONGWIRE_KUBELET_CGROUP_ROOT", value_name = "DIR", value_parser = KubeletCgroups::below)]
    pub(crate) kubelet_cgroup_root: Option<KubeletCgroups>,

    /// Maximum of tracked live connections; further ones are counted when they close
    #[arg(long, env = "LONGWIRE_MAX_CONNECTIONS", value_name = "CONNECTIONS", default_value_t = 131_072, value_parser = clap::value_parser!(u32).range(1..=16_777_216))]
    pub(crate) max_connections: u32,

    /// Maximum of series of edges and workloads in a scrape; further label sets are counted in the overflow series
    #[arg(long, env = "LONGWIRE_MAX_SERIES", value_name = "SERIES", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) max_series: u32,

    /// Ended connections that are kept for live views, up to 65536; 0 turns live views of this node off
    #[arg(long, env = "LONGWIRE_LIVE_HISTORY", value_name = "CONNECTIONS", default_value_t = 8_192, value_parser = clap::value_parser!(u32).range(..=65_536))]
    pub(crate) live_history: u32,

    /// Directory in a BPF filesystem for pinned maps and programs, so that nothing is lost between two probes
    #[arg(long, env = "LONGWIRE_PIN_DIR", value_name = "DIR", requires = "state_dir")]
    pub(crate) pin_dir: Option<PathBuf>,

    /// Directory for the saved counters; best in memory, such as /run/longwire
    #[arg(long, env = "LONGWIRE_STATE_DIR", value_name = "DIR", requires = "pin_dir")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Name of the cluster, for exporters of OTLP
    #[arg(long, env = "LONGWIRE_CLUSTER_NAME", value_name = "NAME", default_value = "Kubernetes")]
    pub(crate) cluster_name: String,

    /// Directory for files of access logs, for exporters of kind `file`
    #[arg(long, env = "LONGWIRE_LOG_DIR", value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,

    /// Directory in which the Secrets of exporters are mounted, each as a directory with its name
    #[arg(long, env = "LONGWIRE_EXPORTER_SECRETS", value_name = "DIR")]
    pub(crate) exporter_secrets: Option<PathBuf>,

    /// Format of the log lines on stderr
    #[arg(long, env = "LONGWIRE_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

impl Task {
    /// Ends the process if the command line is not valid.
    pub(crate) fn parse() -> Self {
        Self::parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// The first word is the program's name.
    pub(crate) fn parse_from(words: impl IntoIterator<Item: Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let mut line = CommandLine::command();
        let matches = line.try_get_matches_from_mut(words)?;
        // A probe's container sets options by environment variables. They do not turn a subcommand into a probe.
        let task = match matches.subcommand() {
            Some(_) => Command::from_arg_matches(&matches).map(Self::Perform),
            None => Options::from_arg_matches(&matches).map(|options| Self::Run(Box::new(options))),
        };
        task.map_err(|error| error.format(&mut line))
    }
}

impl Options {
    pub(crate) fn operator(&self) -> Result<Operator, InvalidOperator> {
        let Self { operator, operator_ca, operator_token, operator_name, metrics_auth, .. } = self.clone();
        let operator = Operator::new(operator, operator_ca, operator_token, operator_name)?;
        if metrics_auth && !operator.is_secured() {
            return Err(InvalidOperator::NoOperator(self.operator.clone()));
        }
        Ok(operator)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

fn interval(text: &str) -> Result<Duration, String> {
    between(text, Duration::from_millis(100), Duration::from_secs(300))
}

fn threshold(text: &str) -> Result<Duration, String> {
    between(text, Duration::from_millis(100), Duration::from_secs(3600))
}

/// The chart's schema has the same bounds.
fn between(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if duration < least || duration > most {
        let [least, most] = [least, most].map(humantime::format_duration);
        return Err(format!("it must be between {least} and {most}"));
    }
    Ok(duration)
}

/// The stream names every pod of the node, so plain HTTP is allowed on loopback only.
fn operator_url(text: &str) -> Result<String, String> {
    let uri: axum::http::Uri = text.parse().map_err(|error| format!("not a URL: {error}"))?;
    let host = uri.host().ok_or("no host: write http://127.0.0.1:15010")?.trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("http") if loopback => Ok(text.to_owned()),
        Some("https") => Ok(text.to_owned()),
        Some("http") => Err(format!("plain http is for loopback only, and {host} is not: write https://{host}:15010")),
        Some(other) => Err(format!("unknown scheme {other}: write https://{host}:15010, or http://127.0.0.1:15010")),
        None => Err("no scheme: write http://127.0.0.1:15010".to_owned()),
    }
}
