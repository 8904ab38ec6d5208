//! The backend behind a Service address, as conntrack of the host's network namespace knows it: one question a
//! connection, for the original tuple; where the answers come from is the backend.

mod message;
mod zones;

use longwire_endpoint::descriptors;
use message::{Answer, Entry, Question};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_NETFILTER};
use std::io;
use std::net::SocketAddr;
use std::time::Instant;
use zones::Zones;

/// Large enough for one entry with every attribute the kernel adds, and for what it hands over of a search at a time.
const REPLY: usize = 8192;

pub(crate) struct Conntrack {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
    zones: Zones,
}

/// Opened where it can be, at the latest when it is first asked.
pub(crate) enum Asked {
    Open(Box<Conntrack>),
    /// No descriptor was left.
    Waits,
    /// This kernel has none, and nothing translates addresses.
    Absent,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConntrackError {
    #[error("conntrack cannot be asked")]
    Io(#[from] io::Error),
    #[error("conntrack's answer cannot be read: {0}")]
    Decode(#[from] netlink_packet_core::DecodeError),
    #[error("conntrack answered with {0}")]
    Refused(io::Error),
}

impl Asked {
    pub(crate) fn open() -> Self {
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

    /// `None`: it cannot be asked. Also says whether that is for want of a descriptor, and then it is tried again.
    pub(crate) fn get(&mut self) -> (Option<&mut Conntrack>, bool) {
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
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self { socket: socket()?, sequence: 0, buffer: vec![0; REPLY], zones: Zones::new(Instant::now()) })
    }

    /// Who answers `source` when it dials `destination`. `None`: no such connection is tracked.
    pub(crate) fn backend(
        &mut self,
        source: SocketAddr,
        destination: SocketAddr,
    ) -> Result<Option<SocketAddr>, ConntrackError> {
        for zone in self.zones.likely(source.ip()) {
            if let Some(backend) = self.ask(Question { source, destination, zone })? {
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

    /// How often all of conntrack was searched for a connection, and how often one was found.
    pub(crate) fn searches(&self) -> (u64, u64) {
        self.zones.searches()
    }

    fn ask(&mut self, question: Question) -> Result<Option<SocketAddr>, ConntrackError> {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.socket.send(&question.get(self.sequence), 0)?;
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

    /// In every zone. The kernel walks through its whole table, and hands over what matches alone (since 5.8). A socket of its own:
    /// an older kernel hands over everything, which is not read.
    fn search(&mut self, source: SocketAddr, destination: SocketAddr) -> Result<Option<Entry>, ConntrackError> {
        let (socket, question) = (socket()?, Question { source, destination, zone: 0 });
        self.sequence = self.sequence.wrapping_add(1).max(1);
        socket.send(&question.search(self.sequence), 0)?;
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
    // The kernel has answered by the time send returns; whatever is not there will never be.
    socket.set_non_blocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
