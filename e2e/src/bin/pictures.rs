//! `longwire-pictures`: a picture of every dashboard, from known traffic. Needs root.

use anyhow::Result;
use clap::Parser;
use longwire_e2e::pictures::{Options, draw};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Draws the dashboards with Grafana's own panels, and checks what stands on them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Seconds that traffic flows before.
    #[arg(long, default_value_t = 180)]
    seconds: u64,
    /// Directory for the pictures.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pictures"))]
    folder: PathBuf,
}

fn main() -> Result<()> {
    let Arguments { seconds, folder } = Arguments::parse();
    let stop = Arc::default();
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&stop))?;
    }
    draw(&Options { traffic: Duration::from_secs(seconds), folder }, &stop)
}
