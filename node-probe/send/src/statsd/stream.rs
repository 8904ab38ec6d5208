//! A connection of TCP or of a Unix socket.

use super::Failure;
use super::resolve::resolve;
use socket2::SockRef;
use std::io::{self, Read};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout};

/// With the look-up of the name.
const CONNECT: Duration = Duration::from_secs(5);
const WRITE: Duration = Duration::from_secs(5);
/// The kernel gives a connection up whose peer acknowledges nothing for so long. Until then packets count as sent.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// What is closed sooner was never a connection to a statsd server.
const YOUTH: Duration = Duration::from_secs(1);
/// Bytes from the receiver that are thrown away before a packet: so many, so many times.
const READ: usize = 4096;
const READS: usize = 16;

#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    opened: Instant,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Tries the name's addresses one after the other. Each has its share of the time.
    pub(super) async fn tcp(host: &str, port: u16) -> Result<Self, Failure> {
        let deadline = Instant::now() + CONNECT;
        let addresses = resolve(host, port, CONNECT).await?;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for (untried, address) in (1..).zip(&addresses).map(|(number, address)| (addresses.len() + 1 - number, address))
        {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left.div_f64(u32::try_from(untried).unwrap_or(u32::MAX).into());
            match within(share, TcpStream::connect(address)).await {
                Ok(socket) => {
                    let bounded = SockRef::from(&socket).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
                    bounded.map_err(Failure::Connect)?;
                    return Ok(Self { socket: Socket::Tcp(socket), opened: Instant::now() });
                }
                Err(error) => last = error,
            }
        }
        Err(Failure::Connect(last))
    }

    pub(super) async fn unix(path: &str) -> Result<Self, Failure> {
        let socket = within(CONNECT, UnixStream::connect(path)).await.map_err(Failure::Connect)?;
        Ok(Self { socket: Socket::Unix(socket), opened: Instant::now() })
    }

    pub(super) fn is_young(&self) -> bool {
        self.opened.elapsed() < YOUTH
    }

    /// Whether the receiver has closed the connection, or only its side of it. Throws away what it has sent.
    pub(super) fn is_closed(&self) -> bool {
        // Asks the kernel itself: tokio knows of it only when its reactor has run.
        let socket = match &self.socket {
            Socket::Tcp(socket) => SockRef::from(socket),
            Socket::Unix(socket) => SockRef::from(socket),
        };
        let mut unwanted = [0; READ];
        for _ in 0..READS {
            match (&*socket).read(&mut unwanted) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
        false
    }

    /// After an error a part of the packet may be written: nothing else must follow in this connection.
    pub(super) async fn write(&mut self, packet: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.socket {
            Socket::Tcp(socket) => timeout(WRITE, socket.write_all(packet)).await,
            Socket::Unix(socket) => timeout(WRITE, socket.write_all(packet)).await,
        };
        written.map_err(|_| Failure::Full(WRITE))?.map_err(Failure::Send)
    }
}

async fn within<T>(limit: Duration, opening: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, opening).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
