//! The protocol of the demo's programs: each message contains its sender's name, so that both ends know their edge.

use anyhow::{Result, bail};
use std::io::{Read, Write};
use std::net::TcpStream;

const NAME: usize = 24;
const HEADER: usize = NAME + 8;

/// A message: the sender's workload, the length of its body, and the length of the requested answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub from: String,
    pub body: u32,
    pub asks: u32,
}

/// One end of a connection, which counts all bytes that it reads and writes.
#[derive(Debug)]
pub(super) struct End {
    stream: TcpStream,
    pub written: u64,
    pub read: u64,
}

impl End {
    pub(super) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, written: 0, read: 0 })
    }

    pub(super) fn send(&mut self, message: &Message) -> Result<()> {
        let mut bytes = vec![0; HEADER + message.body as usize];
        bytes[..message.from.len().min(NAME)].copy_from_slice(&message.from.as_bytes()[..message.from.len().min(NAME)]);
        bytes[NAME..NAME + 4].copy_from_slice(&message.body.to_be_bytes());
        bytes[NAME + 4..HEADER].copy_from_slice(&message.asks.to_be_bytes());
        self.stream.write_all(&bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// The next message without its body; `None`: the peer has closed.
    pub(super) fn receive(&mut self) -> Result<Option<Message>> {
        let mut header = [0; HEADER];
        match self.fill(&mut header)? {
            0 => return Ok(None),
            HEADER => {}
            short => bail!("the peer stopped after {short} bytes of a header"),
        }
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes"));
        let name = header[..NAME].split(|byte| *byte == 0).next().unwrap_or_default();
        let message = Message { from: str::from_utf8(name)?.to_owned(), body: number(NAME), asks: number(NAME + 4) };
        let mut body = vec![0; message.body as usize];
        if self.fill(&mut body)? != body.len() {
            bail!("the peer stopped inside a body");
        }
        Ok(Some(message))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.stream.read(&mut buffer[filled..])? {
                0 => break,
                more => filled += more,
            }
        }
        self.read += filled as u64;
        Ok(filled)
    }
}

#[cfg(test)]
mod tests;
