//! The options of `estimate`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Say what policies would do to the series that are live now, before they are applied
///
/// Sends each TelemetryPolicy, ExtraStatTags and StatsMatcher of the files to the live API, with your own rights. Probes relabel their
/// live connections without changing anything. Each object is estimated by itself, as if the others of the files were not there.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0, 2 if a budget would have no room for the series, 1 if the cluster could not be asked, an object is not valid or
the command line is wrong.

Examples:
  kubectl longwire estimate -f policy.yaml
  kubectl longwire estimate -f policies/ -n shop
  kubectl longwire estimate -f policy.yaml -o json")]
pub(crate) struct Estimate {
    /// Files in YAML or JSON, directories with all of them below, or - for standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Format
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: EstimateOutput,

    /// Namespace of objects that name none, by default that of the context
    #[arg(short, long)]
    pub(crate) namespace: Option<String>,

    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EstimateOutput {
    Table,
    Json,
    Yaml,
}
