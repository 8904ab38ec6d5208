//! Lines, joined to packets, with what each of them says of the counters.

use super::memory::Commit;

/// How a receiver parts lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// UDP and Unix datagrams: a newline between two lines.
    Datagrams,
    /// TCP and Unix streams: a newline after each line.
    Stream,
}

/// To be sent at once. Give it back to the encoder as sent or failed.
#[derive(Debug, Default)]
pub struct Packet {
    bytes: Vec<u8>,
    /// Where each line ends; there is one byte between two of them.
    lines: Vec<(usize, Of)>,
}

/// What a line is of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Counter(Commit),
    Gauge,
    /// A label set that was removed before its line could be sent: by the number of the line.
    Leftover(u64),
}

/// The packets of a flush: those that are full, and the one that lines are appended to.
#[derive(Debug)]
pub(super) struct Packing {
    framing: Framing,
    max_bytes: usize,
    open: Packet,
    full: Vec<Packet>,
}

impl Packet {
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], &Of)> {
        let starts = [0].into_iter().chain(self.lines.iter().map(|(end, _)| end + 1));
        starts.zip(&self.lines).map(|(start, (end, of))| (&self.bytes[start..*end], of))
    }

    pub(super) fn into_kinds(self) -> impl Iterator<Item = Of> {
        self.lines.into_iter().map(|(_, of)| of)
    }
}

impl Packing {
    pub(super) fn new(framing: Framing, max_bytes: usize) -> Self {
        Self { framing, max_bytes, open: Packet::default(), full: Vec::new() }
    }

    pub(super) fn push(&mut self, line: &[u8], of: Of) {
        if !self.open.lines.is_empty() && self.open.bytes.len() + line.len() + 1 > self.max_bytes {
            self.full.push(std::mem::take(&mut self.open));
        }
        let Packet { bytes, lines } = &mut self.open;
        if self.framing == Framing::Datagrams && !lines.is_empty() {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(line);
        lines.push((bytes.len(), of));
        if self.framing == Framing::Stream {
            bytes.push(b'\n');
        }
    }

    /// Lines that should not be parted, if they fit a packet.
    pub(super) fn push_pair(&mut self, [first, second]: [&[u8]; 2], of: Of) {
        let bytes = first.len() + second.len() + 2;
        if bytes <= self.max_bytes {
            self.push(&[first, b"\n", second].concat(), of);
        } else {
            self.push(first, of);
            self.push(second, of);
        }
    }

    pub(super) fn full(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.full)
    }

    /// The last one.
    pub(super) fn finish(&mut self) -> Option<Packet> {
        let last = std::mem::take(&mut self.open);
        (!last.lines.is_empty()).then_some(last)
    }
}
