//! Traffic of the benchmark, from processes in pods' cgroups: hidden subcommands of `longwire-bench`.

mod client;
mod latency;
mod server;

pub use client::{ClientArguments, client};
pub use server::{ServerArguments, server};

pub(super) use client::{Load, Outcome};

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use socket2::{Domain, Protocol, Socket, Type};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

/// Bytes of a request and of a response.
const MESSAGE: usize = 64;
/// The echoing server of the thread on CPU n listens on this port plus n.
const ECHO: u16 = 700;
/// The server that only reads listens on this port plus n.
const DISCARD: u16 = 800;

/// Moves this process into a cgroup, before its first socket.
fn enter(cgroup: &Path) -> Result<()> {
    let path = cgroup.join("cgroup.procs");
    fs::write(&path, std::process::id().to_string()).with_context(|| format!("enter {}", path.display()))
}

pub(super) fn listen(address: SocketAddr, backlog: i32) -> Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into()).with_context(|| format!("listen on {address}"))?;
    socket.listen(backlog)?;
    Ok(socket.into())
}

/// Pins the calling thread to one CPU, so that rounds are comparable.
pub(super) fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("stay on CPU {cpu}"))
}
