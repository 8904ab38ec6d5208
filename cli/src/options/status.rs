//! The options of `status`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Say whether the operator and every node's probe work, what is wrong, and what to do about it
///
/// Reads probes of the live API, and the operator's Deployment and Lease if you may, with your own rights.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0 if all is well, 2 if something is wrong, 1 if the cluster could not be asked or the command line is wrong.

Examples:
  kubectl longwire status
  kubectl longwire status -o wide --context production
  kubectl longwire status -o json")]
pub(crate) struct Status {
    /// Format; wide shows refusals and notices of each probe
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: StatusOutput,

    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Namespace of the operator
    #[arg(long, value_name = "NAMESPACE", default_value = "longwire-system")]
    pub(crate) root_namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
    Table,
    Wide,
    Json,
    Yaml,
}
