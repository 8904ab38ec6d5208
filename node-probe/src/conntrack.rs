//! Queries conntrack of the host's network namespace for the backend behind a Service address: one query a connection, for
//! its original tuple. The source of the replies is the backend.

mod message;
mod queue;
mod zones;

pub(crate) use queue::ConntrackQueue;

use crate::shared::Shared;
use longwire_endpoint::descriptors;
use longwire_pipeline::pipeline::BackendQuery;
use message::{Answer, Entry, Query};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_NETFILTER};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use zones::Zones;

/// Bytes. Fits an entry with every attribute that the kernel adds, and one chunk of a dump.
const REPLY: usize = 8192;

struct Conntrack {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
    zones: Zones,
}

/// Opened at start, or if that fails when it is first queried.
enum Handle {
    Open(Box<Conntrack>),
    /// No file descriptor was left; retried.
    Waits,
    /// This kernel has no conntrack, so nothing translates addresses.
    Absent,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConntrackError {
    #[error("conntrack cannot be queried")]
    Io(#[from] io::Error),
    #[error("conntrack's answer is invalid: {0}")]
    Decode(#[from] netlink_packet_core::DecodeError),
    #[error("conntrack answered with {0}")]
    Refused(io::Error),
}

/// What conntrack of this network namespace answers, for `ConntrackQueue`. `shared` counts.
pub(crate) fn answerer(shared: Arc<Shared>) -> impl FnMut(&BackendQuery) -> Option<SocketAddr> + Send + 'static {
    let mut handle = Handle::open();
    move |query| {
        let (conntrack, starved) = handle.get();
        shared.counters.conntrack_without_descriptor.fetch_add(starved.into(), Ordering::Relaxed);
        let conntrack = conntrack?;
        let answer = conntrack.backend(query.source, query.destination);
        shared.conntrack_searched(conntrack.searches());
        answer.inspect_err(|error| shared.conntrack_failed(error)).ok().flatten()
    }
}

impl Handle {
    fn open() -> Self {
        Self::of(Conntrack::open())
    }

    fn of(opened: io::Result<Conntrack>) -> Self {
        match opened {
            Ok(conntrack) => Self::Open(Box::new(conntrack)),
            Err(error) if descriptors::are_exhausted(&error) => Self::Waits,
            Err(error) => {
                tracing::warn!(%error, "no conntrack: backends of Service addresses are unknown");
                Self::Absent
            }
        }
    }

    /// `None`: conntrack cannot be queried. Also returns whether that is for lack of a file descriptor, which is
    /// retried.
    fn get(&mut self) -> (Option<&mut Conntrack>, bool) {
        if matches!(self, Self::Waits) {
            *self = Self::open();
        }
        match self {
            Self::Open(conntrack) => (Some(conntrack), false),
            Self::Waits => (None, true),
            Self::Absent => (None, false),
        }
    }
}

impl Conntrack {
    /// Opened in the network namespace of the calling thread: the host's.
    fn open() -> io::Result<Self> {
        Ok(Self { socket: socket()?, sequence: 0, buffer: vec![0; REPLY], zones: Zones::new(Instant::now()) })
    }

    /// The backend that answers `source` when it connects to `destination`. `None`: no such connection is tracked.
    fn backend(&mut self, source: SocketAddr, destination: SocketAddr) -> Result<Option<SocketAddr>, ConntrackError> {
        for zone in self.zones.likely(source.ip()) {
            if let Some(backend) = self.get(Query { source, destination, zone })? {
                self.zones.answered(source.ip(), zone);
                return Ok(Some(backend));
            }
        }
        let begun = Instant::now();
        if !self.zones.may_search(source.ip(), begun) {
            return Ok(None);
        }
        let found = self.search(source, destination);
        let zone = found.as_ref().ok().and_then(|found| found.as_ref()).map(|found| found.zone);
        self.zones.searched(source.ip(), zone, begun, Instant::now());
        Ok(found?.map(|found| found.backend))
    }

    /// How many dumps searched the whole table for a connection, and how many found one.
    fn searches(&self) -> (u64, u64) {
        self.zones.searches()
    }

    fn get(&mut self, query: Query) -> Result<Option<SocketAddr>, ConntrackError> {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.socket.send(&query.get(self.sequence), 0)?;
        loop {
            let length = self.socket.recv(&mut &mut self.buffer[..], 0)?;
            match message::answer_to(self.sequence, &self.buffer[..length]) {
                Some(Ok(Answer::Entry(entry))) => return Ok(Some(entry.backend)),
                Some(Ok(Answer::Nothing)) => return Ok(None),
                Some(Ok(Answer::Refused(error))) => return Err(ConntrackError::Refused(error)),
                Some(Err(error)) => return Err(error.into()),
                None => {}
            }
        }
    }

    /// Searches all zones. The kernel walks through its whole table, and since 5.8 returns matches only. A socket of
    /// its own, because an older kernel returns the whole table, which is not read.
    fn search(&mut self, source: SocketAddr, destination: SocketAddr) -> Result<Option<Entry>, ConntrackError> {
        let (socket, query) = (socket()?, Query { source, destination, zone: 0 });
        self.sequence = self.sequence.wrapping_add(1).max(1);
        socket.send(&query.search(self.sequence), 0)?;
        loop {
            let length = socket.recv(&mut &mut self.buffer[..], 0)?;
            match message::answer_to(self.sequence, &self.buffer[..length]) {
                Some(Ok(Answer::Entry(entry))) if (entry.source, entry.destination) == (source, destination) => {
                    return Ok(Some(entry));
                }
                Some(Ok(Answer::Entry(_))) => {
                    self.zones.cannot_search();
                    return Ok(None);
                }
                Some(Ok(Answer::Nothing)) => return Ok(None),
                Some(Ok(Answer::Refused(error))) => return Err(ConntrackError::Refused(error)),
                Some(Err(error)) => return Err(error.into()),
                None => {}
            }
        }
    }
}

fn socket() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&NetlinkAddr::new(0, 0))?;
    // The kernel answers before send returns, so a reply that is not there will not come.
    socket.set_non_blocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
