//! Bytes from the kernel to records. The layout is that of `bpf/record.h`; both sides assert its sizes.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

mod close_reason;
mod folded;
#[cfg(test)]
mod tests;

pub(crate) use folded::FoldedRecord;
pub use folded::{Folded, FoldedKey};
pub use longwire_model::connection::{CloseReason, FailReason};

/// Nanoseconds of CLOCK_MONOTONIC, as `bpf_ktime_get_ns` gives them.
pub type Monotonic = u64;

/// Cumulative since the handshake; `struct counters`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Counters {
    /// Payload bytes handed to the network, each once.
    pub sent: u64,
    /// Payload bytes taken from the network, in order.
    pub received: u64,
    /// Payload bytes sent again, `tcp_sock.bytes_retrans`.
    pub retransmitted_bytes: u64,
    /// Segments sent again, SYN and FIN included, `tcp_sock.total_retrans`.
    pub retransmits: u32,
    /// Packets taken for lost, `tcp_sock.lost`.
    pub lost: u32,
    /// Smoothed round-trip time now, microseconds; 0: none yet. Of a sample also [`STILL`].
    pub srtt_us: u32,
    /// Least round-trip time of the kernel's window, some minutes, microseconds; 0: none yet.
    pub min_rtt_us: u32,
}

/// Round-trip times, microseconds; 0: none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rtt {
    pub smoothed_us: u32,
    pub least_us: u32,
}

/// `srtt_us` of a sample when nothing has moved since the last one. Then the other fields are not set.
pub const STILL: u32 = u32::MAX;

/// `struct record`, as it lies in the ring.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct RawRecord {
    pub kind: u32,
    pub flags: u32,
    pub id: u64,
    pub time: u64,
    pub syn_time: u64,
    pub established: u64,
    pub cgroup: u64,
    pub netns: u32,
    pub error: i32,
    pub client_isn: u32,
    pub server_isn: u32,
    pub local: [u8; 16],
    pub remote: [u8; 16],
    pub local_port: u16,
    pub remote_port: u16,
    pub pad: u32,
    pub counters: Counters,
}

/// `struct sample`, as it lies in the sample array.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Sample {
    pub id: u64,
    pub counters: Counters,
}

pub const CGROUP_LEVELS: usize = 8;
pub const CGROUP_NAME: usize = 96;
/// `levels` of a cgroup that is not in the tree.
pub const CGROUP_OUTSIDE: u32 = u32::MAX;

/// `struct cgroup_record`, as it lies in the ring.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct RawCgroup {
    pub kind: u32,
    pub levels: u32,
    pub cgroup: u64,
    pub name: [[u8; CGROUP_NAME]; CGROUP_LEVELS],
}

/// `struct address_record`, as it lies in the ring.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct RawAddress {
    pub kind: u32,
    pub netns: u32,
    pub cgroup: u64,
    pub time: u64,
    pub local: [u8; 16],
}

impl Counters {
    /// None of an unchanged sample.
    #[must_use]
    pub fn rtt(&self) -> Rtt {
        match self.srtt_us {
            STILL => Rtt::default(),
            smoothed_us => Rtt { smoothed_us, least_us: self.min_rtt_us },
        }
    }
}

const _: () = assert!(size_of::<RawRecord>() == 144 && size_of::<Sample>() == 48);
const _: () = assert!(size_of::<RawCgroup>() == 784 && size_of::<RawAddress>() == 40);

pub mod kind {
    pub const ANNOUNCE: u32 = 1;
    pub const CLOSE: u32 = 2;
    pub const FAIL: u32 = 3;
    pub const CGROUP: u32 = 4;
    pub const ADDRESS: u32 = 5;
}

pub mod flag {
    pub const ACTIVE: u32 = 1;
    pub const PASSIVE: u32 = 2;
    pub const ADOPTED: u32 = 4;
    pub const UNTRACKED: u32 = 8;
    pub const NEVER_SENT: u32 = 16;
    pub const BY_REMOTE: u32 = 32;
    pub const CUT: u32 = 64;
}

/// Which end of the handshake a socket was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Sent the SYN: the client, reporter `source`.
    Active,
    /// Accepted: the server, reporter `destination`.
    Passive,
}

impl Role {
    fn of(flags: u32) -> Option<Self> {
        match (flags & flag::ACTIVE != 0, flags & flag::PASSIVE != 0) {
            (true, _) => Some(Self::Active),
            (_, true) => Some(Self::Passive),
            _ => None,
        }
    }
}

/// `error`: of the socket whose connect never established.
fn fail_reason(error: i32, flags: u32) -> FailReason {
    const ECONNREFUSED: i32 = 111;
    const ETIMEDOUT: i32 = 110;
    const ENETUNREACH: i32 = 101;
    const EHOSTUNREACH: i32 = 113;
    match error {
        ECONNREFUSED => FailReason::Refused,
        ETIMEDOUT => FailReason::Timeout,
        ENETUNREACH | EHOSTUNREACH => FailReason::Unreachable,
        0 if flags & flag::NEVER_SENT != 0 => FailReason::NeverSent,
        0 => FailReason::Aborted,
        _ => FailReason::Other,
    }
}

/// What became of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Announce,
    Close,
    Fail(FailReason),
}

/// A ring record of a connection, validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionRecord {
    pub event: Event,
    /// Unique on this boot; 0 when [`ConnectionRecord::untracked`].
    pub id: u64,
    pub time: Monotonic,
    /// `None`: the SYN was not seen.
    pub syn_time: Option<Monotonic>,
    /// `None`: the handshake was not seen.
    pub established: Option<Monotonic>,
    pub role: Option<Role>,
    /// Older than the probe: its first record is a baseline, and it was never opened.
    pub adopted: bool,
    /// Its first record is this close: no baseline, it adds nothing.
    pub untracked: bool,
    /// A CLOSE: the other end was first to end it, by FIN or RST or by its silence.
    pub by_remote: bool,
    /// Of a CLOSE.
    pub close_reason: CloseReason,
    /// Inode of the cgroup v2 directory.
    pub cgroup: u64,
    /// Inode of the network namespace.
    pub netns: u32,
    /// Initial sequence numbers, client's and server's: one name for both ends. `None`: not known.
    pub sequence: Option<(u32, u32)>,
    /// IPv4-mapped addresses are unmapped.
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub counters: Counters,
}

/// A cgroup when it is first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupRecord {
    pub cgroup: u64,
    /// Names of its directories from the root of the tree on, the first [`CGROUP_LEVELS`]; `None`: it is not in the tree.
    pub names: Option<Vec<String>>,
}

/// The first connection of a cgroup that leaves its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRecord {
    pub cgroup: u64,
    pub netns: u32,
    pub local: IpAddr,
    pub time: Monotonic,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Connection(ConnectionRecord),
    Cgroup(CgroupRecord),
    Address(AddressRecord),
}

/// Why bytes are no record; counted by kind and skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecord {
    #[error("a record of {got} bytes where {want} were due")]
    Size { got: usize, want: usize },
    #[error("unknown record kind {0}")]
    Kind(u32),
    #[error("record without an id")]
    Id,
}

impl Record {
    /// Reads one ring record.
    ///
    /// # Errors
    /// Another size or kind than `bpf/record.h` has.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        let kind = u32::read_from_prefix(bytes).map_err(|_| InvalidRecord::Size { got: bytes.len(), want: 4 })?.0;
        match kind {
            kind::CGROUP => Ok(Self::Cgroup(CgroupRecord::of(&read(bytes)?))),
            kind::ADDRESS => {
                let RawAddress { netns, cgroup, time, local, .. } = read(bytes)?;
                Ok(Self::Address(AddressRecord { cgroup, netns, local: address(local), time }))
            }
            kind::ANNOUNCE | kind::CLOSE | kind::FAIL => ConnectionRecord::of(&read(bytes)?).map(Self::Connection),
            other => Err(InvalidRecord::Kind(other)),
        }
    }
}

fn read<T: FromBytes + KnownLayout + Immutable>(bytes: &[u8]) -> Result<T, InvalidRecord> {
    T::read_from_bytes(bytes).map_err(|_| InvalidRecord::Size { got: bytes.len(), want: size_of::<T>() })
}

impl ConnectionRecord {
    /// When it opened under our eyes: established or adopted, or for a failure first tried.
    #[must_use]
    pub fn opened(&self) -> Monotonic {
        let seen = if matches!(self.event, Event::Fail(_)) { self.syn_time } else { self.established };
        seen.filter(|_| !self.adopted).unwrap_or(self.time)
    }

    fn of(raw: &RawRecord) -> Result<Self, InvalidRecord> {
        let has = |flag| raw.flags & flag != 0;
        let untracked = has(flag::UNTRACKED);
        if raw.id == 0 && !untracked {
            return Err(InvalidRecord::Id);
        }
        Ok(Self {
            event: match raw.kind {
                kind::ANNOUNCE => Event::Announce,
                kind::CLOSE => Event::Close,
                _ => Event::Fail(fail_reason(raw.error, raw.flags)),
            },
            id: raw.id,
            time: raw.time,
            syn_time: (raw.syn_time != 0).then_some(raw.syn_time),
            established: (raw.established != 0).then_some(raw.established),
            role: Role::of(raw.flags),
            adopted: has(flag::ADOPTED),
            untracked,
            by_remote: has(flag::BY_REMOTE),
            close_reason: close_reason::of(raw.error, raw.flags),
            cgroup: raw.cgroup,
            netns: raw.netns,
            sequence: (raw.client_isn != 0 || raw.server_isn != 0).then_some((raw.client_isn, raw.server_isn)),
            local: SocketAddr::new(address(raw.local), raw.local_port),
            remote: SocketAddr::new(address(raw.remote), raw.remote_port),
            counters: raw.counters,
        })
    }
}

impl CgroupRecord {
    fn of(raw: &RawCgroup) -> Self {
        let text = |name: &[u8; CGROUP_NAME]| {
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(CGROUP_NAME);
            String::from_utf8_lossy(&name[..end]).into_owned()
        };
        let levels = Some(raw.levels).filter(|levels| *levels != CGROUP_OUTSIDE);
        // Slots were written in turn from the cgroup's own name on; the last one is nearest the root.
        let names = levels.map(|levels| {
            let downward = (0..levels as usize).rev().take(CGROUP_LEVELS);
            downward.map(|step| text(&raw.name[step % CGROUP_LEVELS])).collect()
        });
        Self { cgroup: raw.cgroup, names }
    }
}

fn address(bytes: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(bytes).to_canonical()
}
