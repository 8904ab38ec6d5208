//! Very many connections between one pod and 1,000 addresses, each of a pod of its own, held by a few processes.

mod holder;
mod room;

pub use holder::{HolderArguments, hold};
pub(super) use room::Room;

use anyhow::{Context, Result};
use longwire_testkit::{
    Machine, Pod, Process, manifests::HASH, manifests::Pairs, manifests::pod_and_service, node::Plan as Addresses,
};
use std::env;
use std::time::Duration;

/// Peer addresses.
pub(super) const PEERS: u16 = 1_000;
/// Both ends of a connection are descriptors of one process, whose limit is 20,000.
const MAX_OF_A_PROCESS: usize = 9_000;
/// Number of the first peer; plain pods have lower ones.
const FIRST: u16 = 16;
/// For the first connections, and for so many further ones a second.
const PATIENCE: Duration = Duration::from_secs(60);
const A_SECOND: usize = 2_000;

/// A machine with three plain pods: the first is the client, the second has the 1,000 addresses, the third none.
pub(super) fn machine() -> Result<Machine> {
    let machine = Machine::new(3, &[])?;
    let server = machine.pod("w1")?;
    let (node, link) = server.link.as_ref().context("a pod of the host network")?;
    let (mut here, mut there, mut manifests) = (String::new(), String::new(), String::new());
    for index in 0..PEERS {
        let peer = peer(server, index);
        here += &format!("route add {}/32 dev {link}\n", peer.ipv4);
        there += &format!("addr add {}/32 dev eth0\n", peer.ipv4);
        manifests += &format!("{}---\n", pod_and_service(&peer, "node", &Pairs::new(), &Pairs::new()));
    }
    node.ip(&here)?;
    server.netns.ip(&there)?;
    machine.manifests.write("peers.yaml", &manifests)?;
    Ok(machine)
}

/// A pod that is only an address in another pod's namespace, and a Service.
fn peer(server: &Pod, index: u16) -> Pod {
    let (addresses, number) = (Addresses(server.ipv4.octets()[1]), FIRST + index);
    let (ipv4, ipv6) = addresses.pod(number);
    let workload = format!("peer{index:04}");
    Pod {
        name: format!("{workload}-{HASH}-abcde"),
        uid: format!("{:08x}-0000-4000-8000-{:06x}{number:06x}", std::process::id(), 0xbe_ac_ed),
        ipv4,
        ipv6,
        service_ip: addresses.service(number),
        workload,
        ..server.clone()
    }
}

/// Processes with so many further connections, once all are open. Each call needs a `port` of its own.
pub(super) fn connect(machine: &Machine, connections: usize, port: u16) -> Result<Vec<Process>> {
    let (client, server) = (machine.pod("w0")?, machine.pod("w1")?);
    let program = env::current_exe()?;
    let program = program.to_str().context("path")?;
    let (near, far, first) = (client.netns.path(), server.netns.path(), peer(server, 0).ipv4);
    let parts = connections.div_ceil(MAX_OF_A_PROCESS);
    let mut holders = Vec::new();
    for part in 0..parts {
        let share = connections * (part + 1) / parts - connections * part / parts;
        let flags = format!(
            "--client={near} --server={far} --first={first} --peers={PEERS} --part={part} --parts={parts} \
             --connections={share} --port={port}"
        );
        let line: Vec<&str> = [program, "hold"].into_iter().chain(flags.split(' ')).collect();
        holders.push(Process::start(&client.netns, "a holder of connections", &line)?);
    }
    let patience = PATIENCE + Duration::from_secs((connections / A_SECOND) as u64);
    for holder in &holders {
        holder.await_line("ready", patience)?;
    }
    Ok(holders)
}
