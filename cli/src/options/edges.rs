//! The options of `edges`.

use super::Place;
use clap::{Args, ValueEnum};

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

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EdgesOutput {
    Tree,
    Dot,
    Mermaid,
}
