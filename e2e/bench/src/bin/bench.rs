//! `longwire-bench`: what Longwire costs, each figure beside a reference. Needs root.

use anyhow::Result;
use clap::{Parser, Subcommand};
use longwire_bench::{ClientArguments, HolderArguments, Options, ServerArguments};
use std::process::ExitCode;

/// Measures what Longwire costs, each figure in turns with a reference.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    options: Options,
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
    let Arguments { options, part } = Arguments::parse();
    let complete = match part {
        Some(Part::LoadServer(arguments)) => longwire_bench::server(&arguments).map(|()| true)?,
        Some(Part::LoadClient(arguments)) => longwire_bench::client(&arguments).map(|()| true)?,
        Some(Part::Hold(arguments)) => longwire_bench::hold(&arguments).map(|()| true)?,
        None => longwire_bench::run(&options)?,
    };
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
