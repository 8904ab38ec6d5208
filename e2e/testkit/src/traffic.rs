//! Traffic that both ends count byte by byte.

use crate::edge::Truth;
use anyhow::{Context, Result, ensure};
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

const CHUNK: usize = 64 * 1024;

/// Sends in both directions at once; each end shuts down after its last byte and reads to the end.
pub fn exchange(client: TcpStream, server: TcpStream, up: u64, down: u64) -> Result<Truth> {
    let (to_server, to_client) = thread::scope(|scope| {
        let writers = [(&client, up), (&server, down)].map(|(end, bytes)| {
            scope.spawn(move || -> Result<()> {
                send(end, bytes)?;
                Ok(end.shutdown(Shutdown::Write)?)
            })
        });
        let reader = scope.spawn(|| drain(&server));
        let to_client = drain(&client)?;
        let to_server = reader.join().expect("a reader")?;
        for writer in writers {
            writer.join().expect("a writer")?;
        }
        anyhow::Ok((to_server, to_client))
    })?;
    // Both have read to the end, so closing sends nothing more.
    drop((client, server));
    ensure!((to_server, to_client) == (up, down), "{up} and {down} bytes went, {to_server} and {to_client} came");
    Ok(Truth::whole(to_server, to_client))
}

pub fn send(mut to: &TcpStream, bytes: u64) -> Result<()> {
    let chunk = vec![b'x'; CHUNK];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(CHUNK as u64) as usize;
        to.write_all(&chunk[..now]).context("write")?;
        left -= now as u64;
    }
    Ok(())
}

pub fn receive(from: &TcpStream, bytes: u64) -> Result<()> {
    let got = std::io::copy(&mut from.take(bytes), &mut std::io::sink()).context("read")?;
    confirm!(got == bytes, "the stream ended after {got} of {bytes} bytes")
}

/// Reads to the end and counts.
pub fn drain(from: &TcpStream) -> Result<u64> {
    let (mut from, mut chunk, mut total) = (from, vec![0; CHUNK], 0);
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(total),
            Ok(more) => total += more as u64,
            // A blocking socket in a sockmap returns this when woken by anything but data.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).context("read"),
        }
    }
}

/// One side writes, the other reads all of it, so that nothing is in flight afterwards.
pub fn pass(from: &TcpStream, to: &TcpStream, bytes: u64) -> Result<()> {
    thread::scope(|scope| {
        let writer = scope.spawn(|| send(from, bytes));
        receive(to, bytes)?;
        writer.join().expect("a writer")
    })
}

/// First from the client to the server, then back.
pub fn pass_both(client: &TcpStream, server: &TcpStream, up: u64, down: u64) -> Result<()> {
    pass(client, server, up)?;
    pass(server, client, down)
}

/// Ends a connection of which all bytes were read, one end after the other.
pub fn close(client: &TcpStream, server: &TcpStream) -> Result<()> {
    client.shutdown(Shutdown::Write)?;
    server.shutdown(Shutdown::Write)?;
    confirm!((drain(client)?, drain(server)?) == (0, 0), "more came than was sent")
}

/// Waits until the peer's kernel has acknowledged all bytes.
pub fn await_acknowledged(socket: &TcpStream, bytes: u64) -> Result<()> {
    crate::wait::eventually(Duration::from_secs(60), || {
        let acked = crate::tcp_info::TcpInfo::of(socket)?.acked;
        confirm!(acked >= bytes, "{acked} of {bytes} bytes acknowledged")
    })
}

/// Ends a connection with a RST instead of a FIN.
pub fn reset(socket: TcpStream) -> Result<()> {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
    drop(socket);
    Ok(())
}
