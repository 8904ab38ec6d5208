//! The options of `edges`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Draw who talks to whom: live connections, added up by workload
///
/// Reads connections of the live API with your own rights. Those that ended lately count as closed or failed.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0, or 1 if the cluster could not be asked or the command line is wrong.

Examples:
  kubectl longwire edges -n shop
  kubectl longwire edges -A -o dot | dot -Tsvg > edges.svg
  kubectl longwire edges -o mermaid")]
pub(crate) struct Edges {
    /// Format: a tree for the terminal, Graphviz' language, or a Mermaid flowchart
    #[arg(short, long, value_enum, default_value = "tree")]
    pub(crate) output: EdgesOutput,

    /// Namespace that connections touch, by default that of the context
    #[arg(short, long, conflicts_with = "all_namespaces")]
    pub(crate) namespace: Option<String>,

    /// Connections of all namespaces
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,

    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EdgesOutput {
    Tree,
    Dot,
    Mermaid,
}
