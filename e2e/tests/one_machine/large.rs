//! Very many connections, and very many bytes.

use crate::shared::{cluster, connect};
use anyhow::{Result, ensure};
use longwire_testkit::{Truth, drain, receive, send};
use nix::sys::sendfile::sendfile;
use socket2::SockRef;
use std::fs::File;
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const CONNECTIONS: u64 = 10_000;
/// Far below the threshold of long connections.
const SLOW: Duration = Duration::from_millis(500);

#[test]
fn ten_thousand_connections_of_a_few_milliseconds_each_are_all_counted() -> Result<()> {
    let pair = cluster().pair()?;
    let slow = thread::scope(|scope| -> Result<u64> {
        let serving = scope.spawn(|| -> Result<()> {
            for _ in 0..CONNECTIONS {
                let (far, _) = pair.listener.accept()?;
                receive(&far, 100)?;
                send(&far, 200)?;
            }
            Ok(())
        });
        let mut slow = 0;
        for _ in 0..CONNECTIONS {
            let (near, start) = (pair.client.connect(pair.server.address())?, Instant::now());
            send(&near, 100)?;
            ensure!(drain(&near)? == 200);
            drop(near);
            slow += u64::from(start.elapsed() > SLOW);
        }
        serving.join().expect("a server")?;
        Ok(slow)
    })?;
    // A busy machine may stall some for seconds.
    ensure!(slow < CONNECTIONS / 100, "{slow} took longer than {SLOW:?}");
    let truth =
        Truth { opened: CONNECTIONS, closed: CONNECTIONS, to_server: CONNECTIONS * 100, to_client: CONNECTIONS * 200 };
    pair.edge.expect(&cluster().probe, truth)
}

#[test]
fn more_than_four_gibibytes_on_one_connection_are_counted() -> Result<()> {
    const BYTES: u64 = (4 << 30) + 12_345;
    let (edge, near, far) = connect()?;
    let received = thread::scope(|scope| -> Result<u64> {
        let reader = scope.spawn(|| discard(&far));
        stream(&near, BYTES)?;
        reader.join().expect("a reader")
    })?;
    ensure!(received == BYTES, "{received} bytes came");
    drop((near, far));
    edge.expect(&cluster().probe, Truth::whole(BYTES, 0))
}

/// Sends pages of a sparse file, without copying.
fn stream(to: &TcpStream, bytes: u64) -> Result<()> {
    const HOLE: u64 = 64 << 20;
    let file: File = tempfile::tempfile()?;
    file.set_len(HOLE)?;
    let mut left = bytes;
    while left > 0 {
        let mut offset = 0;
        left -= sendfile(to, &file, Some(&mut offset), left.min(HOLE).try_into()?)? as u64;
    }
    Ok(to.shutdown(Shutdown::Write)?)
}

/// Counts received bytes without copying: with MSG_TRUNC, TCP drops them in the kernel.
fn discard(from: &TcpStream) -> Result<u64> {
    let mut nowhere = vec![MaybeUninit::uninit(); 4 << 20];
    let mut total = 0;
    loop {
        match SockRef::from(from).recv_with_flags(&mut nowhere, libc::MSG_TRUNC)? {
            0 => return Ok(total),
            more => total += more as u64,
        }
    }
}
