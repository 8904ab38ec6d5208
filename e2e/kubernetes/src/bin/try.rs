//! `longwire-try`: Longwire on a Kubernetes of two nodes on this machine, with bookinfo as a workload. Needs root.

use anyhow::Result;
use clap::{Parser, Subcommand};
use longwire_kubernetes::trial;
use std::path::PathBuf;

#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Bring all of it up, or what is missing of it, and say what to type next
    Up {
        /// With a Kiali, which is built the first time
        #[arg(long)]
        kiali: bool,
    },
    /// Take all of it down
    Down,
    /// Print the line after which a shell finds the cluster and its programs
    Env,
    /// Write a Prometheus' file of targets, again and again; runs in the cluster
    #[command(hide = true)]
    Targets { file: PathBuf },
}

fn main() -> Result<()> {
    match Arguments::parse().action {
        Action::Up { kiali } => trial::up(kiali),
        Action::Down => trial::down(),
        Action::Env => {
            println!("{}", trial::next::environment()?);
            Ok(())
        }
        Action::Targets { file } => trial::targets::keep(&file),
    }
}
