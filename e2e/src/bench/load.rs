//! The traffic of the benchmark, in processes of their own inside pods' cgroups: hidden subcommands of `longwire-bench`.

mod client;
mod latency;
mod server;

pub use client::{ClientArguments, client};
pub use server::{ServerArguments, server};

pub(super) use client::{Load, Outcome};

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;

/// A request and an answer have this size.
const MESSAGE: usize = 64;
/// The echoing server of the thread on CPU n listens on this port plus n.
const ECHO: u16 = 700;
/// And the one that only reads on this.
const DISCARD: u16 = 800;

/// Moves this process into a cgroup, before its first socket.
fn enter(cgroup: &Path) -> Result<()> {
    let path = cgroup.join("cgroup.procs");
    fs::write(&path, std::process::id().to_string()).with_context(|| format!("enter {}", path.display()))
}

/// Keeps the calling thread on one CPU, so that rounds differ in nothing else.
pub(super) fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("stay on CPU {cpu}"))
}
