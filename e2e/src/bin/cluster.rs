//! `longwire-cluster`: a Kubernetes of two nodes on this machine, for tests and to look around in.

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use longwire_e2e::kubernetes::keeper::{self, Keeper};
use longwire_e2e::kubernetes::layout::{Layout, MACHINE};
use longwire_e2e::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{self, Pid};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the keeper of a cluster that stays up notes as its purpose.
const KEPT: &str = "make cluster-up";

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
        /// Until a signal comes instead
        #[arg(long)]
        detached: bool,
    },
}

fn main() -> Result<()> {
    let layout = Layout::new()?;
    match Arguments::parse().action {
        Action::Up => up(&layout),
        Action::Down => down(&layout),
        Action::Kubectl { arguments } => {
            let mut kubectl = Command::new(layout.program("kubectl"));
            let kubectl = kubectl.args(arguments).env("KUBECONFIG", layout.kubeconfig("admin"));
            Err(kubectl.exec()).context("no cluster is up: `make cluster-up` brings one up")
        }
        Action::Keep { detached } => keep(&layout, detached),
    }
}

fn up(layout: &Layout) -> Result<()> {
    let mut keeper = Command::new(std::env::current_exe()?)
        .args(["keep", "--detached"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().context("no standard output")?).read_line(&mut line)?;
    ensure!(line.trim() == "ready", "no cluster: {}", keeper.wait()?);
    println!(
        "export KUBECONFIG={}\n# logs: {}\n# this machine is {MACHINE} to the nodes; pods and Services are routed",
        layout.kubeconfig("admin").display(),
        layout.logs().display()
    );
    Ok(())
}

fn down(layout: &Layout) -> Result<()> {
    match keeper::holder()? {
        None => keeper::sweep_alone(layout),
        Some((process, purpose)) if purpose == KEPT => {
            kill(Pid::from_raw(process.try_into()?), Signal::SIGTERM)?;
            wait::eventually(Duration::from_secs(60), || {
                ensure!(keeper::holder()?.is_none(), "process {process} still takes the cluster down");
                Ok(())
            })?;
            ensure!(
                !layout.run().exists(),
                "something of the cluster is left: {}",
                fs::read_to_string(last_words(layout))?
            );
            Ok(())
        }
        Some((process, purpose)) => bail!("{purpose}, process {process}, uses the cluster"),
    }
}

/// What the keeper of a cluster that stays up says once it is up.
fn last_words(layout: &Layout) -> PathBuf {
    layout.logs().join("keeper.log")
}

fn keep(layout: &Layout, detached: bool) -> Result<()> {
    // From here on a signal is waited for, and a cluster that is half up is taken down all the same.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let purpose = if detached { KEPT.to_owned() } else { format!("tests of process {}", parent_id()) };
    let (told, end) = mpsc::channel();
    if !detached {
        let told = told.clone();
        thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            let _ = told.send(());
        });
    }
    thread::spawn(move || {
        let _ = signals.forever().next();
        let _ = told.send(());
    });
    let keeper = Keeper::start(layout, &purpose, &|what| eprintln!("cluster: {what}"), &end)?;
    if detached {
        // Whoever reads what `up` says, in a pipe, hears the end of it.
        unistd::dup2_stderr(File::create(last_words(layout))?)?;
    }
    // Where nobody hears it any more, nobody will ever end it either.
    if writeln!(std::io::stdout(), "ready").is_ok() {
        // Either says so, or both have failed.
        let _ = end.recv();
    }
    drop(keeper);
    Ok(())
}
