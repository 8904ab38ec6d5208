//! One end of a connection, as its socket sees it.

use crate::observation::Sequence;
use crate::record::{ConnectionRecord, FoldedRecord, Monotonic, Role};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) id: u64,
    pub(crate) role: Role,
    pub(crate) netns: u32,
    pub(crate) cgroup: u64,
    /// `None`: it never established, or the numbers were not seen. Then it cannot be joined.
    pub(crate) sequence: Option<Sequence>,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// When it was established, adopted, or failed to connect. Addresses are looked up as of this moment.
    pub(crate) opened: Monotonic,
}

impl End {
    /// `None`: the kernel side could not determine which end it is.
    pub(crate) fn of(record: &ConnectionRecord) -> Option<Self> {
        Some(Self {
            id: record.id,
            role: record.role?,
            netns: record.netns,
            cgroup: record.cgroup,
            sequence: record.sequence,
            local: record.local,
            remote: record.remote,
            opened: record.opened(),
        })
    }

    /// The ends of all connections of the entry, as if they were one.
    pub(crate) fn of_folded(record: &FoldedRecord) -> Option<Self> {
        Some(Self {
            id: 0,
            role: record.role?,
            netns: record.netns,
            cgroup: record.cgroup,
            sequence: None,
            local: record.local,
            remote: record.remote,
            opened: record.first,
        })
    }

    /// It connects to its own address, or over loopback.
    pub(crate) fn stays_inside(&self) -> bool {
        let (local, remote) = (self.local.ip(), self.remote.ip());
        local.is_loopback() || remote.is_loopback() || local == remote
    }
}

/// An address and port in 18 bytes: `SocketAddr` takes 32, and every live connection keeps two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SocketAddr", into = "SocketAddr")]
pub(crate) struct Endpoint {
    address: Host,
    port: u16,
}

/// An address in 16 bytes, IPv4 among those of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "IpAddr", into = "IpAddr")]
pub(crate) struct Host([u8; 16]);

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        })
    }
}

impl From<Host> for IpAddr {
    fn from(host: Host) -> Self {
        Ipv6Addr::from(host.0).to_canonical()
    }
}

impl Endpoint {
    pub(crate) fn address(self) -> IpAddr {
        self.address.into()
    }

    pub(crate) fn port(self) -> u16 {
        self.port
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip().into(), port: address.port() }
    }
}

impl From<Endpoint> for SocketAddr {
    fn from(endpoint: Endpoint) -> Self {
        Self::new(endpoint.address(), endpoint.port)
    }
}
