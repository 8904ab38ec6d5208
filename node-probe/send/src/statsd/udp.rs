//! A socket of UDP that follows the receiver's name.

use super::Failure;
use super::resolve::resolve;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::Instant;

const LOOKUP: Duration = Duration::from_secs(5);
/// A packet waits for it, though there is an address from before.
const SECOND_LOOKUP: Duration = Duration::from_secs(1);
const BETWEEN_LOOKUPS: Duration = Duration::from_secs(60);

/// Connected, so that the kernel reports what comes back by ICMP.
#[derive(Debug)]
pub(super) struct Udp {
    socket: UdpSocket,
    peer: SocketAddr,
    looked_up: Instant,
}

impl Udp {
    pub(super) async fn open(host: &str, port: u16) -> Result<Self, Failure> {
        let addresses = resolve(host, port, LOOKUP).await?;
        let (socket, peer) = connect(&addresses).await?;
        Ok(Self { socket, peer, looked_up: Instant::now() })
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Returns whether it was time to look the name up again. A socket whose peer still has the name is kept, and so is any if the name
    /// cannot be looked up now.
    pub(super) async fn refresh(&mut self, host: &str, port: u16) -> bool {
        if self.looked_up.elapsed() < BETWEEN_LOOKUPS {
            return false;
        }
        self.looked_up = Instant::now();
        if let Ok(addresses) = resolve(host, port, SECOND_LOOKUP).await
            && !addresses.contains(&self.peer)
            && let Ok((socket, peer)) = connect(&addresses).await
        {
            (self.socket, self.peer) = (socket, peer);
        }
        true
    }
}

/// To the first address that there is a route to.
async fn connect(addresses: &[SocketAddr]) -> Result<(UdpSocket, SocketAddr), Failure> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for peer in addresses {
        let own: SocketAddr = match peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(own).await.map_err(Failure::Connect)?;
        match socket.connect(peer).await {
            Ok(()) => return Ok((socket, *peer)),
            Err(error) => last = error,
        }
    }
    Err(Failure::Connect(last))
}
