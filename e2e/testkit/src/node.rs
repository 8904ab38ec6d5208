//! The node: a namespace that routes between its pods, with its own iptables and conntrack.

use crate::netns::Netns;
use crate::pod::Pod;
use anyhow::{Context, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Second octets of slots; 10.96 and 10.244 are the demo's.
const SLOTS: std::ops::Range<u8> = 100..240;

/// A number that is unique on this machine while this lives. A probe sees the sockets of the whole kernel, so two nodes
/// must not use the same addresses at a time.
#[derive(Debug)]
pub struct Slot {
    pub number: u8,
    _lock: UnixListener,
}

impl Slot {
    pub fn take() -> Result<Self> {
        SLOTS.into_iter().find_map(|number| Self::lock(number).ok()).context("all address ranges of nodes are in use")
    }

    pub fn lock(number: u8) -> Result<Self> {
        let name = SocketAddr::from_abstract_name(format!("longwire-e2e-slot-{number}"))?;
        Ok(Self { number, _lock: UnixListener::bind_addr(&name)? })
    }
}

#[derive(Debug)]
pub struct Node {
    pub netns: Netns,
    /// The node's `InternalIP`.
    pub address: Ipv4Addr,
    /// The pods' gateway, and source of masqueraded traffic. Like a bridge's address it is not in the Node object.
    pub gateway: Ipv4Addr,
    links: AtomicU32,
    _slot: Slot,
}

impl Node {
    pub fn new(slot: Slot, address: Ipv4Addr, gateway: Ipv4Addr) -> Result<Self> {
        let netns = Netns::new()?;
        netns.ip(&format!("addr add {address}/32 dev lo"))?;
        for (path, value) in [
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"),
            ("ipv4/conf/all/send_redirects", "0"),
            ("ipv4/conf/default/send_redirects", "0"),
        ] {
            netns.sysctl(path, value)?;
        }
        Ok(Self { netns, address, gateway, links: AtomicU32::new(0), _slot: slot })
    }

    /// A new namespace at the end of a veth pair, and the name of the pair's end on the node.
    pub fn attach(&self, addresses: &[IpAddr]) -> Result<(Netns, String)> {
        let link = format!("pod{}", self.links.fetch_add(1, Ordering::Relaxed));
        let (pod, gateway) = (Netns::new()?, self.gateway);
        // Settings at the link's creation are cheaper than a process for each setting.
        let mut here = format!(
            "link add {link} type veth peer name eth0 netns {}\naddr add {gateway}/32 dev {link}\n\
             addr add fe80::1/64 dev {link} nodad\nlink set {link} up\n",
            pod.path()
        );
        let mut there = String::new();
        for address in addresses {
            here += &format!("route add {} dev {link}\n", host_route(*address));
            let nodad = if address.is_ipv6() { "nodad" } else { "" };
            there += &format!("addr add {} dev eth0 {nodad}\n", host_route(*address));
        }
        there += &format!(
            "link set eth0 up\nroute add {gateway}/32 dev eth0 scope link\nroute add default via {gateway} dev eth0\n\
             route add ::/0 via fe80::1 dev eth0\n"
        );
        self.netns.ip(&here)?;
        pod.ip(&there)?;
        Ok((pod, link))
    }

    /// One iptables rule on the node: the arguments of `iptables`.
    pub fn iptables(&self, rule: &str) -> Result<()> {
        iptables(&self.netns, rule)
    }

    /// Drops this part of a pod's packets in both directions. Each has one segment, so that each loss is of one.
    pub fn lose(&self, pod: &Pod, part: f64) -> Result<()> {
        pod.send_single_segments()?;
        for end in ["-s", "-d"] {
            let random = format!("-m statistic --mode random --probability {part}");
            self.iptables(&format!("-A FORWARD {end} {} {random} -j DROP", pod.ipv4))?;
        }
        Ok(())
    }

    /// The rules of kube-proxy for one port of a Service: a random backend for each connection.
    pub fn publish(&self, virtual_ip: Ipv4Addr, port: u16, backends: &[(Ipv4Addr, u16)]) -> Result<()> {
        for (index, (address, target)) in backends.iter().enumerate() {
            let left = backends.len() - index;
            let chance = match left {
                1 => String::new(),
                // 1/3, then 1/2 of the rest, then the rest.
                _ => format!("-m statistic --mode random --probability {:.8}", 1.0 / left as f64),
            };
            for chain in ["PREROUTING", "OUTPUT"] {
                self.iptables(&format!(
                    "-t nat -A {chain} -d {virtual_ip}/32 -p tcp --dport {port} {chance} \
                     -j DNAT --to-destination {address}:{target}"
                ))?;
            }
        }
        Ok(())
    }
}

/// One rule in any namespace; waits for the lock of iptables, which is one for the machine.
pub fn iptables(netns: &Netns, rule: &str) -> Result<()> {
    let words: Vec<&str> = ["-w"].into_iter().chain(rule.split_whitespace()).collect();
    netns.command("iptables", &words).map(drop)
}

fn host_route(address: IpAddr) -> String {
    let bits = if address.is_ipv6() { 128 } else { 32 };
    format!("{address}/{bits}")
}

/// The addresses of a slot: pods from 10.slot.1.0 on, Services from 10.slot.128.0 on.
#[derive(Clone, Copy, Debug)]
pub struct Plan(pub u8);

impl Plan {
    pub fn gateway(self) -> Ipv4Addr {
        Ipv4Addr::new(10, self.0, 0, 1)
    }

    pub fn node(self) -> Ipv4Addr {
        Ipv4Addr::new(10, self.0, 0, 2)
    }

    pub fn pod(self, index: u16) -> (Ipv4Addr, Ipv6Addr) {
        let [high, low] = (256 + index).to_be_bytes();
        (Ipv4Addr::new(10, self.0, high, low), Ipv6Addr::new(0xfd00, 0x6c77, self.0.into(), 0, 0, 0, 0, index))
    }

    pub fn service(self, index: u16) -> Ipv4Addr {
        let [high, low] = (0x8000 + index).to_be_bytes();
        Ipv4Addr::new(10, self.0, high, low)
    }
}
