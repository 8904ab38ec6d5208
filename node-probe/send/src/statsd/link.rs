//! What packets go through.

use super::Failure;
use super::stream::Stream;
use super::udp::Udp;
use rustix::io::Errno;
use std::io;
use std::time::Duration;
use tokio::net::UnixDatagram;
use tokio::time::timeout;

/// How long a datagram waits for room in a queue that is full.
const ROOM: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) enum Link {
    Udp(Udp),
    UnixDatagrams(UnixDatagram),
    Stream(Stream),
}

impl Link {
    pub(super) async fn send(&mut self, packet: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Udp(udp) => datagram(packet, udp.socket().send(packet)).await.map_err(|failure| match failure {
                // It belongs to an earlier packet: the kernel reports it in place of sending this one.
                Failure::Send(error) if error.kind() == io::ErrorKind::ConnectionRefused => Failure::Gone,
                failure => failure,
            }),
            Self::UnixDatagrams(socket) => {
                let packet = packet.strip_suffix(b"\n").unwrap_or(packet);
                datagram(packet, socket.send(packet)).await
            }
            Self::Stream(stream) => stream.write(packet).await,
        }
    }
}

async fn datagram(packet: &[u8], sending: impl Future<Output = io::Result<usize>>) -> Result<(), Failure> {
    match timeout(ROOM, sending).await {
        Err(_) => Err(Failure::Full(ROOM)),
        Ok(Err(error)) if Errno::from_io_error(&error) == Some(Errno::MSGSIZE) => {
            Err(Failure::TooLong { bytes: packet.len() })
        }
        Ok(Err(error)) => Err(Failure::Send(error)),
        Ok(Ok(_)) => Ok(()),
    }
}
