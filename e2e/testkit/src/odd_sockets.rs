//! Sockets with unusual creation or use.
#![expect(unsafe_code, reason = "libc has no safe way to set TCP_REPAIR's options, and no bpf(2)")]

use anyhow::{Context, Result, ensure};
use libc::{TCP_QUEUE_SEQ, TCP_REPAIR, TCP_REPAIR_QUEUE};
use socket2::Socket;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

const ON: libc::c_int = 1;
const OFF: libc::c_int = 0;
/// Values of TCP_REPAIR_QUEUE: receive and send queue.
const QUEUES: [libc::c_int; 2] = [1, 2];

/// A connection that was removed without informing its peer, as CRIU does.
#[derive(Clone, Copy, Debug)]
pub struct TakenDown {
    local: SocketAddr,
    remote: SocketAddr,
    sequence: [libc::c_int; 2],
}

impl TakenDown {
    /// No data may be in flight.
    pub fn of(connection: TcpStream) -> Result<Self> {
        let (local, remote) = (connection.local_addr()?, connection.peer_addr()?);
        set(&connection, TCP_REPAIR, ON)?;
        let mut sequence = [0; 2];
        for (queue, to) in QUEUES.into_iter().zip(&mut sequence) {
            set(&connection, TCP_REPAIR_QUEUE, queue)?;
            *to = get(&connection, TCP_QUEUE_SEQ)?;
        }
        // In repair mode nothing is sent to the peer.
        drop(connection);
        Ok(Self { local, remote, sequence })
    }

    /// Restores the connection on another socket.
    pub fn restore(self, socket: Socket) -> Result<TcpStream> {
        set(&socket, TCP_REPAIR, ON)?;
        socket.set_reuse_address(true)?;
        socket.bind(&self.local.into()).context("bind")?;
        for (queue, sequence) in QUEUES.into_iter().zip(self.sequence) {
            set(&socket, TCP_REPAIR_QUEUE, queue)?;
            set(&socket, TCP_QUEUE_SEQ, sequence)?;
        }
        socket.connect(&self.remote.into()).context("connect")?;
        set(&socket, TCP_REPAIR, OFF)?;
        Ok(socket.into())
    }
}

fn set(socket: &impl AsFd, option: libc::c_int, value: libc::c_int) -> Result<()> {
    let (socket, size) = (socket.as_fd().as_raw_fd(), size_of::<libc::c_int>() as libc::socklen_t);
    let from = std::ptr::from_ref(&value).cast();
    // SAFETY: the kernel reads one live integer.
    let outcome = unsafe { libc::setsockopt(socket, libc::IPPROTO_TCP, option, from, size) };
    confirm!(outcome == 0, "option {option} of TCP: {}", io::Error::last_os_error())
}

fn get(socket: &impl AsFd, option: libc::c_int) -> Result<libc::c_int> {
    let (mut value, mut size): (libc::c_int, _) = (0, size_of::<libc::c_int>() as libc::socklen_t);
    let (socket, to) = (socket.as_fd().as_raw_fd(), std::ptr::from_mut(&mut value).cast());
    // SAFETY: the kernel writes one live integer, and its size.
    let outcome = unsafe { libc::getsockopt(socket, libc::IPPROTO_TCP, option, to, &raw mut size) };
    ensure!(outcome == 0, "option {option} of TCP: {}", io::Error::last_os_error());
    Ok(value)
}

/// A sockmap, as of a proxy that splices in the kernel.
#[derive(Debug)]
pub struct Sockmap(OwnedFd);

impl Sockmap {
    pub fn new() -> Result<Self> {
        // map_type, key_size, value_size, max_entries.
        let fd = bpf(0, &[15_u32, 4, 4, 1])?;
        // SAFETY: a new descriptor with no other owner.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd)?) }))
    }

    pub fn put(&self, socket: &impl AsFd) -> Result<()> {
        let (key, value): (u32, RawFd) = (0, socket.as_fd().as_raw_fd());
        let map = u64::from(self.0.as_raw_fd().cast_unsigned());
        bpf(2, &[map, std::ptr::from_ref(&key) as u64, std::ptr::from_ref(&value) as u64, 0]).map(drop)
    }
}

/// `attr` is a prefix of `union bpf_attr` whose addresses are of live integers.
fn bpf<T, const N: usize>(command: libc::c_long, attr: &[T; N]) -> Result<libc::c_long> {
    // SAFETY: the kernel reads the live prefix of this size, and what its addresses name.
    let outcome = unsafe { libc::syscall(libc::SYS_bpf, command, attr.as_ptr(), size_of_val(attr)) };
    ensure!(outcome >= 0, "bpf(2): {}", io::Error::last_os_error());
    Ok(outcome)
}
