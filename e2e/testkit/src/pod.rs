//! A pod: a network namespace on its node, a cgroup, an identity.

use crate::binaries;
use crate::cgroup;
use crate::edge::Truth;
use crate::netns::Netns;
use crate::process::Process;
use crate::traffic;
use anyhow::{Context, Result};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// Target port of every pod's Service.
pub const PORT: u16 = 8080;
/// The Service's own port.
pub const SERVICE_PORT: u16 = 80;
/// For processes of pods.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Pod {
    pub name: String,
    pub workload: String,
    pub uid: String,
    pub ipv4: Ipv4Addr,
    pub ipv6: Ipv6Addr,
    /// Address of the Service with the workload's name.
    pub service_ip: Ipv4Addr,
    /// The node's namespace for a pod with hostNetwork.
    pub netns: Netns,
    /// The node, and the node's end of the veth pair; `None`: hostNetwork.
    pub link: Option<(Netns, String)>,
}

impl Pod {
    pub fn address(&self) -> SocketAddr {
        (self.ipv4, PORT).into()
    }

    pub fn listen(&self) -> Result<TcpListener> {
        self.listen_on((Ipv4Addr::UNSPECIFIED, PORT))
    }

    /// IPv6 listeners accept IPv4 connections too.
    pub fn listen_on(&self, address: impl Into<SocketAddr>) -> Result<TcpListener> {
        self.listen_with(address.into(), Protocol::TCP)
    }

    pub fn listen_with(&self, address: SocketAddr, protocol: Protocol) -> Result<TcpListener> {
        let socket = self.socket(Domain::for_address(address), protocol)?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.bind(&address.into())?;
        socket.listen(4096)?;
        Ok(socket.into())
    }

    pub fn connect(&self, address: impl Into<SocketAddr>) -> Result<TcpStream> {
        let address = address.into();
        let socket = self.socket(Domain::for_address(address), Protocol::TCP)?;
        socket.connect(&address.into()).with_context(|| format!("{} connects to {address}", self.name))?;
        Ok(socket.into())
    }

    /// A connection: both ends.
    pub fn connect_to(&self, address: impl Into<SocketAddr>, listener: &TcpListener) -> Result<(TcpStream, TcpStream)> {
        let client = self.connect(address)?;
        Ok((client, listener.accept()?.0))
    }

    /// A whole connection with so many bytes up and down.
    pub fn exchange(&self, to: impl Into<SocketAddr>, listener: &TcpListener, up: u64, down: u64) -> Result<Truth> {
        let (near, far) = self.connect_to(to, listener)?;
        traffic::exchange(near, far, up, down)
    }

    /// A socket in the pod's namespace, usable in any thread.
    pub fn socket(&self, domain: Domain, protocol: Protocol) -> Result<Socket> {
        Ok(self.netns.run(|| Socket::new(domain, Type::STREAM, Some(protocol)))?)
    }

    /// `longwire-traffic` as a process of one of the pod's containers: in its namespace and cgroup.
    pub fn process(&self, container: &str, arguments: &[&str]) -> Result<Process> {
        traffic_in(&self.netns, &self.name, &cgroup::container(&self.uid, container)?, arguments)
    }

    /// Such a process, until it has ended well.
    pub fn run(&self, container: &str, arguments: &[&str]) -> Result<()> {
        self.process(container, arguments)?.succeed(PATIENCE)
    }

    /// Such a process, once it says this.
    pub fn process_that_says(&self, container: &str, arguments: &[&str], says: &str) -> Result<Process> {
        let process = self.process(container, arguments)?;
        process.await_line(says, PATIENCE)?;
        Ok(process)
    }

    /// A connection of a process in a container to a process of the server's that listens `at` an address.
    pub fn talk(&self, container: &str, to: SocketAddr, server: &Self, at: SocketAddr) -> Result<Truth> {
        let serving = server.process_that_says("main", &["serve", &at.to_string(), "--reply", "3000"], "listening")?;
        self.run(container, &["send", &to.to_string(), "2000"])?;
        serving.await_line("received 2000, sent 3000", PATIENCE)?;
        Ok(Truth::whole(2_000, 3_000))
    }

    /// Disables offloads on both ends of the pod's veth pair, so that each packet the node drops is one segment.
    pub fn send_single_segments(&self) -> Result<()> {
        let (node, link) = self.link.as_ref().context("a pod of the host network has no link")?;
        self.netns.send_single_segments("eth0")?;
        node.send_single_segments(link)
    }

    pub fn addresses(&self) -> [IpAddr; 2] {
        [self.ipv4.into(), self.ipv6.into()]
    }
}

/// `longwire-traffic` in any namespace and cgroup.
pub fn traffic_in(netns: &Netns, name: &str, cgroup: &Path, arguments: &[&str]) -> Result<Process> {
    let program = binaries::find("longwire-traffic")?;
    let line = [program.to_str().context("path")?, "--cgroup", cgroup.to_str().context("path")?];
    Process::start(netns, name, &[&line, arguments].concat())
}
