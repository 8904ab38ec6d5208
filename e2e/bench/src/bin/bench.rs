//! `longwire-bench`: what Longwire costs, each figure beside a reference. Needs root.

use anyhow::Result;
use clap::{Parser, Subcommand};
use longwire_bench::{ClientArguments, HolderArguments, Options, ServerArguments};
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures what Longwire costs, each figure in turns with a reference.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Figures, first words of figures, or groups of them [default: all but `million`].
    names: Vec<String>,
    /// Measurements of each figure and of its reference.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Seconds of one block of traffic.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The page that a whole run regenerates.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What the benchmark starts itself as, in pods.
#[derive(Subcommand)]
enum Part {
    #[command(hide = true)]
    LoadServer(ServerArguments),
    #[command(hide = true)]
    LoadClient(ClientArguments),
    #[command(hide = true)]
    Hold(HolderArguments),
}

fn main() -> Result<ExitCode> {
    let Arguments { names, rounds, seconds, json, page, part } = Arguments::parse();
    match part {
        Some(Part::LoadServer(arguments)) => longwire_bench::server(&arguments)?,
        Some(Part::LoadClient(arguments)) => longwire_bench::client(&arguments)?,
        Some(Part::Hold(arguments)) => longwire_bench::hold(&arguments)?,
        None => {
            let complete = longwire_bench::run(&Options { names, rounds, seconds, json, page })?;
            return Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}
