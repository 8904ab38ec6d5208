//! `longwire-cluster`: a Kubernetes of two nodes on this machine, for tests and to look around in.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use longwire_kubernetes::{layout::Layout, layout::MACHINE, standing, standing::Owner, supervisor::Supervisor};
use nix::unistd;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, parent_id};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// Interval at which a supervisor checks that the command that started it still waits.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Bring a cluster up that stays until `down`
    Up,
    /// Take down what `up` brought up, or what somebody who was killed has left
    Down,
    /// kubectl, as the administrator of the cluster that is up
    #[command(disable_help_flag = true)]
    Kubectl {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Bring a cluster up and say `ready`; take it down when standard input ends
    Keep {
        /// Until a signal comes instead, for the command of this name
        #[arg(long)]
        detached: Option<Owner>,
    },
}

fn main() -> Result<()> {
    let layout = Layout::new()?;
    match Arguments::parse().action {
        Action::Up => up(&layout),
        Action::Down => standing::down(&layout, Owner::ClusterUp),
        Action::Kubectl { arguments } => {
            let mut kubectl = Command::new(layout.program("kubectl"));
            let kubectl = kubectl.args(arguments).env("KUBECONFIG", layout.kubeconfig("admin"));
            Err(kubectl.exec()).context("no cluster is up: `make cluster-up` brings one up")
        }
        Action::Keep { detached } => keep(&layout, detached),
    }
}

fn up(layout: &Layout) -> Result<()> {
    standing::up(layout, Owner::ClusterUp)?;
    println!(
        "export KUBECONFIG={}\n# logs: {}\n# this machine is {MACHINE} to the nodes; pods and Services are routed",
        layout.kubeconfig("admin").display(),
        layout.logs().display()
    );
    Ok(())
}

fn keep(layout: &Layout, detached: Option<Owner>) -> Result<()> {
    // Signals are handled from here on, so that a cluster that is half up is taken down too.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let parent = parent_id();
    let purpose = detached.map_or_else(|| format!("tests of process {parent}"), |owner| owner.purpose().to_owned());
    let (told, end) = mpsc::channel();
    let is_ready = Arc::new(AtomicBool::new(false));
    if detached.is_none() {
        let told = told.clone();
        thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            let _ = told.send(());
        });
    } else {
        // A command that is interrupted before the cluster is up needs none.
        let (told, is_ready) = (told.clone(), Arc::clone(&is_ready));
        thread::spawn(move || {
            while !is_ready.load(Ordering::Relaxed) {
                if parent_id() != parent {
                    let _ = told.send(());
                    break;
                }
                thread::sleep(BETWEEN_LOOKS);
            }
        });
    }
    thread::spawn(move || {
        let _ = signals.forever().next();
        let _ = told.send(());
    });
    let supervisor = Supervisor::start(layout, &purpose, &|what| eprintln!("cluster: {what}"), &end)?;
    if detached.is_some() {
        // Stderr becomes a file, so that a pipe that reads the output of `up` sees its end.
        unistd::dup2_stderr(File::create(standing::last_words(layout))?)?;
        is_ready.store(true, Ordering::Relaxed);
        fs::write(layout.ready(), "")?;
    }
    // If the output is closed, no process is left to stop this one.
    if writeln!(std::io::stdout(), "ready").is_ok() {
        // Either sends, or both have failed.
        let _ = end.recv();
    }
    drop(supervisor);
    Ok(())
}
