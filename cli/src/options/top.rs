//! The options of `top`.

use super::Place;
use crate::top::kind::Kind;
use clap::Args;

/// Show what is busiest, or worst, now: connections added up by pod, Service, namespace or edge, in a table that moves
///
/// Lists and watches connections of the live API with your own rights. The first line is the one with the most retransmits a second;
/// `s` sorts by another column, `?` shows all keys. Without a terminal it prints the table once.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0, 1 if the cluster could not be asked, 2 if the command line is wrong.

Examples:
  kubectl longwire top
  kubectl longwire top services -n shop
  kubectl longwire top edges -A
  kubectl longwire top pods -A --once | head")]
pub(crate) struct Top {
    /// What a line is: an edge is all connections from one workload to another
    #[arg(value_enum, default_value = "pods")]
    pub(crate) kind: Kind,

    /// Print a plain table once, after two seconds, which rates need
    #[arg(long)]
    pub(crate) once: bool,

    #[command(flatten)]
    pub(crate) place: Place,
}
