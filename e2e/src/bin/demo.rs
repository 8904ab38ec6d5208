//! `longwire-demo`: Bookinfo on one machine, exact to the byte. Needs root.

use anyhow::Result;
use clap::Parser;
use longwire_e2e::demo::{Options, run};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Runs Bookinfo in network namespaces, watches it, and compares the metrics with what its programs counted.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Seconds that traffic flows.
    #[arg(long, env = "DEMO_SECONDS", default_value_t = 30)]
    seconds: u64,
    /// Directory of the manifests that describe the pods.
    #[arg(long, env = "DEMO_MANIFESTS", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/one-machine/bookinfo"))]
    manifests: PathBuf,
    /// File for an SVG of what is shown, frame by frame.
    #[arg(long, env = "DEMO_PICTURE")]
    picture: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let Arguments { seconds, manifests, picture } = Arguments::parse();
    let stop = Arc::default();
    for signal in [SIGINT, SIGTERM] {
        // The first signal ends the traffic, the second one the demo.
        flag::register_conditional_default(signal, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    let agreed = run(&Options { traffic: Duration::from_secs(seconds), manifests, picture }, &stop)?;
    Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
