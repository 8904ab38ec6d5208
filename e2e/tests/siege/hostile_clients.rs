//! Hostile clients of the metrics listener, from several pods: each kind holds as much as it can for as long as it can.

use anyhow::Result;
use longwire_testkit::{Crew, Machine, confirm, eventually, probe::PORT};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What a client sends before it stops reading.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Idle,
    HalfRequest,
    SlowReader,
    SlowGzipReader,
    Http2,
}

pub(crate) const EVERY_KIND: [Kind; 5] =
    [Kind::Idle, Kind::HalfRequest, Kind::SlowReader, Kind::SlowGzipReader, Kind::Http2];

impl Kind {
    fn sends(self) -> &'static [u8] {
        match self {
            Self::Idle => b"",
            Self::HalfRequest => b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
            Self::SlowReader => b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            Self::SlowGzipReader => b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n",
            // The preface, and SETTINGS with a window of 0.
            Self::Http2 => {
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00"
            }
        }
    }
}

/// Keeps its connections open, and reconnects when the probe closes one, until dropped.
#[derive(Default)]
pub(crate) struct Hostile {
    made: Arc<AtomicU64>,
    clients: Crew,
}

impl Hostile {
    /// So many connections from each of so many pods, equally many of every kind, once all are made.
    pub(crate) fn start(machine: &Machine, pods: usize, from_each: usize, kinds: &'static [Kind]) -> Result<Self> {
        let (mut hostile, address) = (Self::default(), SocketAddr::from((machine.node.address, PORT)));
        for _ in 0..pods {
            let (netns, made) = (machine.take()?.netns.clone(), Arc::clone(&hostile.made));
            hostile.clients.work(move |over| {
                netns.run(|| {
                    let mut clients: Vec<_> = kinds.iter().cycle().take(from_each).map(|kind| (kind, None)).collect();
                    while !over.load(Ordering::Relaxed) {
                        for (kind, client) in &mut clients {
                            if client.as_ref().is_none_or(is_closed) {
                                *client = connect(**kind, address).ok();
                                made.fetch_add(client.is_some().into(), Ordering::Relaxed);
                            }
                        }
                        thread::sleep(Duration::from_millis(20));
                    }
                });
                Ok(())
            });
        }
        eventually(Duration::from_secs(60), || {
            confirm!(hostile.made() >= (pods * from_each) as u64, "{} hostile connections", hostile.made())
        })?;
        Ok(hostile)
    }

    /// Number of connections made.
    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }
}

fn connect(kind: Kind, address: SocketAddr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // A small buffer, so that unread bytes stay in the probe.
    socket.set_recv_buffer_size(4096)?;
    socket.connect_timeout(&address.into(), Duration::from_millis(200))?;
    let mut stream = TcpStream::from(socket);
    stream.write_all(kind.sends())?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Closed by FIN or RST; an unread response does not count.
fn is_closed(stream: &TcpStream) -> bool {
    match stream.peek(&mut [0]) {
        Ok(0) => true,
        // A RST is read only after the received bytes, but the socket's error shows it earlier.
        Ok(_) => !matches!(SockRef::from(stream).take_error(), Ok(None)),
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}
