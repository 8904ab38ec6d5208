//! `longwire-scale`: measures the operator with very many pods and probes. Needs root; brings up its own cluster.

use anyhow::Result;
use cap::Cap;
use clap::Parser;
use longwire_bench::scale::{self, Options};
use std::alloc::System;
use std::process::ExitCode;

/// Counts allocated bytes, without a limit.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Measures what very many pods, Services and probes cost, and says whether it is within bounds.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn main() -> Result<ExitCode> {
    let within = scale::run(&Arguments::parse().options, &|| HEAP.allocated())?;
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
