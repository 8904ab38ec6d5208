//! `longwire-scale`: measures the operator with very many pods and probes. Needs root; brings up its own cluster.

use anyhow::Result;
use cap::Cap;
use clap::Parser;
use longwire_bench::scale::{self, Options};
use std::alloc::System;
use std::path::PathBuf;
use std::process::ExitCode;

/// Counts allocated bytes, without a limit.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Measures what very many pods, Services and probes cost, and says whether it is within bounds.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Pods, ten of a workload, with a Service before each.
    #[arg(long, default_value_t = 20_000)]
    pods: usize,
    /// Streams of probes, each of a node of its own.
    #[arg(long, default_value_t = 200)]
    probes: usize,
    /// The page that a run of full size regenerates.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let Arguments { pods, probes, page } = Arguments::parse();
    let within = scale::run(&Options { pods, probes, page }, &|| HEAP.allocated())?;
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
