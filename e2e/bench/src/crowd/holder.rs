//! Opens connections between two namespaces and holds both ends: a hidden subcommand of `longwire-bench`.

use crate::load::listen;
use anyhow::{Context, Result, ensure};
use clap::Args;
use nix::sched::{CloneFlags, setns};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

/// Bytes that each end sends once, so that no counter is zero.
const GREETING: usize = 100;

#[derive(Args, Debug)]
pub struct HolderArguments {
    /// Network namespace of the connecting ends.
    #[arg(long)]
    client: PathBuf,
    /// Of the accepting ends.
    #[arg(long)]
    server: PathBuf,
    /// The first peer address.
    #[arg(long)]
    first: Ipv4Addr,
    /// How many follow each other.
    #[arg(long)]
    peers: u32,
    /// Which of them are this process's: each one in so many.
    #[arg(long)]
    part: u32,
    #[arg(long)]
    parts: u32,
    #[arg(long)]
    connections: usize,
    #[arg(long)]
    port: u16,
}

/// Prints `ready` when all are open, and keeps them until killed.
pub fn hold(arguments: &HolderArguments) -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let HolderArguments { first, peers, part, parts, connections, port, .. } = *arguments;
    let own = (0..peers).filter(|peer| peer % parts == part);
    let addresses: Vec<SocketAddr> =
        own.map(|peer| (Ipv4Addr::from_bits(first.to_bits() + peer), port).into()).collect();
    let listeners: Vec<_> =
        within(&arguments.server, || addresses.iter().map(|address| listen(*address, 1024)).collect())?;
    let held = within(&arguments.client, || connect(&listeners, &addresses, connections))?;
    println!("ready");
    loop {
        // Keeps the connections until the process is killed.
        thread::park();
        ensure!(held.len() == connections);
    }
}

type Connection = (TcpStream, TcpStream);

fn connect(listeners: &[TcpListener], addresses: &[SocketAddr], connections: usize) -> Result<Vec<Connection>> {
    let both = listeners.iter().zip(addresses).cycle().take(connections).map(|(listener, address)| {
        let mut near = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
        let (mut far, _) = listener.accept()?;
        let mut greeting = [0; GREETING];
        near.write_all(&greeting)?;
        far.read_exact(&mut greeting)?;
        far.write_all(&greeting)?;
        near.read_exact(&mut greeting)?;
        Ok((near, far))
    });
    both.collect()
}

fn within<T: Send>(netns: &Path, job: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let inside = || {
        setns(File::open(netns)?, CloneFlags::CLONE_NEWNET)?;
        job()
    };
    thread::scope(|scope| scope.spawn(inside).join().expect("a thread in a namespace"))
}
