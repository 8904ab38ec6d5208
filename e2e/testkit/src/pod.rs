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
use std::time::Duration;

/// Target port of every pod's Service.
pub const PORT: u16 = 8080;
/// The Service's own port.
pub const SERVICE_PORT: u16 = 80;

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

    /// So many connections that stay open, with so many bytes up on each.
    pub fn open(
        &self,
        count: u64,
        address: SocketAddr,
        listener: &TcpListener,
        up: u64,
    ) -> Result<Vec<(TcpStream, TcpStream)>> {
        let one = |_| {
            let (near, far) = self.connect_to(address, listener)?;
            traffic::pass(&near, &far, up).map(|()| (near, far))
        };
        (0..count).map(one).collect()
    }

    /// A whole connection with so many bytes up and down.
    pub fn exchange(
        &self,
        address: impl Into<SocketAddr>,
        listener: &TcpListener,
        up: u64,
        down: u64,
    ) -> Result<Truth> {
        let (near, far) = self.connect_to(address, listener)?;
        traffic::exchange(near, far, up, down)
    }

    /// A socket in the pod's namespace, usable in any thread.
    pub fn socket(&self, domain: Domain, protocol: Protocol) -> Result<Socket> {
        Ok(self.netns.run(|| Socket::new(domain, Type::STREAM, Some(protocol)))?)
    }

    /// `longwire-traffic` as a process of one of the pod's containers: in its namespace and cgroup.
    pub fn process(&self, container: &str, arguments: &[&str]) -> Result<Process> {
        let (program, cgroup) = (binaries::find("longwire-traffic")?, cgroup::container(&self.uid, container)?);
        let mut line = vec![program.to_str().context("path")?, "--cgroup", cgroup.to_str().context("path")?];
        line.extend(arguments);
        Process::start(&self.netns, &self.name, &line)
    }

    /// The same, once it says this.
    pub fn process_that_says(&self, container: &str, arguments: &[&str], says: &str) -> Result<Process> {
        let process = self.process(container, arguments)?;
        process.await_line(says, Duration::from_secs(20))?;
        Ok(process)
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
