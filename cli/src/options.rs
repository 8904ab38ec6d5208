//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use longwire_operator::analyze::catalogue::Severity;
use std::path::PathBuf;

mod describe;
mod edges;
mod estimate;
mod observe;
mod place;
mod status;
mod top;

pub(crate) use describe::{Describe, DescribeOutput, Described};
pub(crate) use edges::{Edges, EdgesOutput};
pub(crate) use estimate::{Estimate, EstimateOutput};
pub(crate) use observe::{Observe, ObserveOutput};
pub(crate) use place::Place;
pub(crate) use status::{Status, StatusOutput};
pub(crate) use top::Top;

/// Asks Longwire what it knows, and checks what it is told.
#[derive(Debug, Parser)]
#[command(name = "kubectl-longwire", bin_name = "kubectl longwire", version = longwire_model::build::line())]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Analyze(Analyze),
    Status(Status),
    Describe(Describe),
    Edges(Edges),
    Estimate(Estimate),
    Observe(Observe),
    Top(Top),
}

/// Find what is wrong or has no effect in policies and annotations, in files before they are applied or in a cluster
///
/// Reads TelemetryPolicy, ExtraStatTags and StatsMatcher objects, Namespaces, Services and pods, and merges them by the operator's own
/// code. With -f from files alone, and the pod templates of workloads too; no cluster is asked. Without -f from the cluster of the
/// kubeconfig, with your own rights. Each finding has a code, which docs/analysis.md explains, and a remedy.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0 if no finding is as bad as --fail-on, 2 if there is one, 1 if a file or all of the cluster could not be read or
the command line is wrong.

Examples:
  kubectl longwire analyze -f policies/
  kubectl longwire analyze -f policies/ -f deployment.yaml --fail-on warning
  helm template shop charts/shop | kubectl longwire analyze -f -
  kubectl longwire analyze -f policies/ -o sarif > longwire.sarif
  kubectl longwire analyze -n shop
  kubectl longwire analyze -A --context production")]
pub(crate) struct Analyze {
    /// Files in YAML or JSON, directories with all of them below, or - for standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    /// Format of the findings
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: Output,

    /// The least severity that makes the exit code 2
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "error")]
    pub(crate) fail_on: FailOn,

    /// Namespace that is read, by default that of the context; with -f, the one of objects that name none [default: default]
    #[arg(short, long)]
    pub(crate) namespace: Option<String>,

    /// Read all namespaces
    #[arg(short = 'A', long, conflicts_with = "files")]
    pub(crate) all_namespaces: bool,

    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    pub(crate) context: Option<String>,

    /// The kubeconfig, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Namespace of the operator, whose objects apply to the whole cluster
    #[arg(long, value_name = "NAMESPACE", default_value = "longwire-system")]
    pub(crate) root_namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Info,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Info => Self::Info,
        }
    }
}
