//! A detached cluster, which stays up after its command has ended, until another command removes it.

use super::layout::{Layout, MACHINE};
use super::{running, supervisor};
use anyhow::{Context, Result, bail, ensure};
use longwire_testkit::{command, confirm, wait};
use nix::sys::signal::Signal;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// Timeout of bringing a cluster up or down.
const TURN: Duration = Duration::from_secs(180);

/// The command that keeps it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Owner {
    ClusterUp,
    Try,
}

impl Owner {
    const ALL: [Self; 2] = [Self::ClusterUp, Self::Try];

    /// Purpose in the supervisor's lock file.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::ClusterUp => "make cluster-up",
            Self::Try => "make try",
        }
    }

    /// The command that removes it.
    pub fn end(self) -> &'static str {
        match self {
            Self::ClusterUp => "make cluster-down",
            Self::Try => "make try-down",
        }
    }

    /// The owner of a detached cluster.
    pub fn of(purpose: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|owner| owner.purpose() == purpose)
    }
}

/// Brings a cluster up, unless this owner has one already. Waits for a cluster of tests, with a message.
pub fn up(layout: &Layout, owner: Owner) -> Result<()> {
    let asked = Instant::now();
    loop {
        // The error is of a supervisor that has the lock and has not written its purpose yet.
        match supervisor::holder() {
            Ok(Some((_, purpose))) if purpose == owner.purpose() && layout.ready().exists() => return Ok(()),
            Ok(Some((process, purpose))) => match Owner::of(&purpose) {
                Some(other) if other != owner => {
                    bail!(
                        "`{purpose}` has a cluster up (process {process}), and a machine has room for one: `{}` takes it down",
                        other.end()
                    )
                }
                // It is being brought up for a command that was interrupted, or is being removed.
                Some(_) => ensure!(
                    asked.elapsed() < TURN,
                    "process {process} neither brings the cluster up nor ends: see {}",
                    layout.logs().display()
                ),
                None => break,
            },
            Ok(None) => break,
            Err(error) => ensure!(asked.elapsed() < TURN, error),
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    // It outlives this process.
    let name = clap::ValueEnum::to_possible_value(&owner).context("an owner without a name")?;
    supervisor::hire(&["--detached", name.get_name()], Stdio::null()).map(drop)
}

/// Output of the supervisor of a detached cluster, once it is up.
pub fn last_words(layout: &Layout) -> PathBuf {
    layout.logs().join("supervisor.log")
}

/// Removes the cluster of `up`, or remains of a killed supervisor.
pub fn down(layout: &Layout, owner: Owner) -> Result<()> {
    match supervisor::holder()? {
        None => supervisor::sweep_alone(layout),
        Some((process, purpose)) if purpose == owner.purpose() => {
            running::signal(process, Signal::SIGTERM)?;
            wait::eventually(TURN, || {
                confirm!(supervisor::holder()?.is_none(), "process {process} still takes the cluster down")
            })?;
            let last_words = || fs::read_to_string(last_words(layout)).unwrap_or_default();
            confirm!(!layout.run().exists(), "something of the cluster is left: {}", last_words())
        }
        Some((process, purpose)) => match Owner::of(&purpose) {
            Some(other) => bail!("the cluster that is up is that of `{purpose}`: `{}` takes it down", other.end()),
            None => bail!("{purpose}, process {process}, uses the cluster"),
        },
    }
}

/// Fails if the machine uses the cluster's addresses otherwise, because packets would be misrouted.
pub(crate) fn expect_free_addresses() -> Result<()> {
    let routes = command::run("ip", &["-4", "route", "show", "table", "all"])?;
    let foreign = routes.lines().filter(|line| !line.contains(" dev longwire0"));
    let taken: Vec<&str> = foreign.filter(|line| destination(line).is_some_and(is_ours)).collect();
    confirm!(
        taken.is_empty(),
        "this machine has routes into the cluster's address ranges 10.96.0.0/16, 10.99.0.0/24, 10.244.1.0/24 and 10.244.2.0/24, perhaps \
         those of another Kubernetes or of a VPN; take them away for as long as the cluster is up:\n  {}",
        taken.join("\n  ")
    )
}

/// The first address of a route, as `ip route` prints it: `10.96.0.0/12 via ...`, `local 10.244.0.1 dev ...`.
fn destination(route: &str) -> Option<Ipv4Addr> {
    let mut words = route.split_whitespace().take(2).map(|word| word.split('/').next().unwrap_or(word));
    words.find_map(|word| word.parse().ok())
}

fn is_ours(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [10, 96, ..] | [10, 244, 1 | 2, _]) || address.octets()[..3] == MACHINE.octets()[..3]
}

#[cfg(test)]
mod tests;
