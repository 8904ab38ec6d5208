//! The options of `observe`.

use super::Place;
use crate::observe::filter::Filter;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Most lines that --last shows: they are all kept until the list is read.
const MOST_LAST: u64 = 65_536;

/// Follow connections: a line for each that opens, closes or fails
///
/// Lists and watches connections of the live API with your own rights. A line has the time in UTC, as the nodes' clocks say it, both
/// ends and the Service. A connection that has ended when it is first seen is one line. What is open already is not shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0 when it is interrupted or all is shown, 1 if the cluster could not be asked, 2 if the command line is wrong.

Examples:
  kubectl longwire observe -n shop
  kubectl longwire observe -A --failed --since 1m
  kubectl longwire observe --from web --to shop/reviews
  kubectl longwire observe --last 20
  kubectl longwire observe --filter 'connection.retransmits > 0 && destination.port == 5432'
  kubectl longwire observe -A -o json | jq .object.spec.source")]
pub(crate) struct Observe {
    /// Only those that this pod or workload opened, as name or namespace/name
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) from: Option<String>,

    /// Only those that this pod or workload accepted, as name or namespace/name
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) to: Option<String>,

    /// Only those with this pod at either end, as name or namespace/name
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) pod: Option<String>,

    /// Only those whose pod at either end has these labels, as kubectl's -l
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub(crate) selector: Option<String>,

    /// Only those that fail
    #[arg(long)]
    pub(crate) failed: bool,

    /// First what happened in this time, such as 5m, as far as probes remember it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) since: Option<Duration>,

    /// The N connections that ended last, the latest at the end; without -f nothing more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_LAST))]
    pub(crate) last: Option<u64>,

    /// With --last: go on with what happens from now on
    #[arg(short, long)]
    pub(crate) follow: bool,

    /// Only those for which this expression holds, in the language of access logs' filters (docs/expressions.md)
    #[arg(long, value_name = "EXPRESSION", value_parser = Filter::parse)]
    pub(crate) filter: Option<Filter>,

    /// Format; json is one object a line: type (OPEN, CLOSE, FAIL) and object
    #[arg(short, long, value_enum, default_value = "compact")]
    pub(crate) output: ObserveOutput,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObserveOutput {
    Compact,
    Json,
}

/// `name` or `namespace/name`.
fn name(text: &str) -> Result<String, &'static str> {
    let mut parts = text.split('/');
    let is_name = parts.by_ref().take(2).all(|part| !part.is_empty()) && parts.next().is_none();
    if is_name { Ok(text.to_owned()) } else { Err("write it as name or namespace/name") }
}
