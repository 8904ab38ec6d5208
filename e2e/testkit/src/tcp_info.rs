//! The kernel's own counters of a socket, for values that an application cannot know.
#![expect(unsafe_code, reason = "libc knows neither the newer fields of tcp_info nor a safe way to ask for them")]

use anyhow::{Result, ensure};
use std::io;
use std::mem::size_of_val;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// Offsets in `struct tcp_info`, which only grows at its end.
const RTT: usize = 68;
const TOTAL_RETRANS: usize = 100;
const BYTES_ACKED: usize = 120;
const BYTES_RECEIVED: usize = 128;
const BYTES_SENT: usize = 200;
const BYTES_RETRANS: usize = 208;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// Payload, and the SYN of the end that connected.
    pub acked: u64,
    pub received: u64,
    /// Payload handed to the network, with retransmissions and with packets that the local stack dropped.
    pub sent: u64,
    pub retransmitted_bytes: u64,
    /// Includes SYN and FIN.
    pub retransmitted_segments: u64,
    /// Smoothed.
    pub round_trip: Duration,
}

impl TcpInfo {
    pub fn of(socket: &impl AsFd) -> Result<Self> {
        let mut raw = [0_u8; 256];
        let mut length = size_of_val(&raw) as libc::socklen_t;
        let (socket, to) = (socket.as_fd().as_raw_fd(), raw.as_mut_ptr().cast());
        // SAFETY: the kernel writes at most `length` bytes to `raw`, and how many it wrote to `length`.
        let outcome = unsafe { libc::getsockopt(socket, libc::IPPROTO_TCP, libc::TCP_INFO, to, &raw mut length) };
        ensure!(outcome == 0, "TCP_INFO: {}", io::Error::last_os_error());
        ensure!(length as usize >= BYTES_RETRANS + 8, "this kernel's tcp_info has only {length} bytes");
        let field = |at: usize| u64::from_ne_bytes(raw[at..at + 8].try_into().expect("eight bytes"));
        let narrow = |at: usize| u32::from_ne_bytes(raw[at..at + 4].try_into().expect("four bytes"));
        Ok(Self {
            acked: field(BYTES_ACKED),
            received: field(BYTES_RECEIVED),
            sent: field(BYTES_SENT),
            retransmitted_bytes: field(BYTES_RETRANS),
            retransmitted_segments: narrow(TOTAL_RETRANS).into(),
            round_trip: Duration::from_micros(narrow(RTT).into()),
        })
    }
}

/// Ends a connection but keeps its socket, by a connect to `AF_UNSPEC`.
pub fn disconnect(socket: &impl AsFd) -> Result<()> {
    // AF_UNSPEC is 0, and so are all other fields.
    let nowhere = [0_u8; 16];
    // SAFETY: the kernel reads the sixteen bytes of `nowhere`, without a need for alignment.
    let outcome = unsafe { libc::connect(socket.as_fd().as_raw_fd(), nowhere.as_ptr().cast(), 16) };
    confirm!(outcome == 0, "disconnect: {}", io::Error::last_os_error())
}
