//! Connections that were never announced and ended while the ring was full: the kernel side sums them up by key. The layout is that of `bpf/record.h`.

use super::{FailReason, InvalidRecord, Monotonic, Role, address, fail_reason, flag, kind};
use std::net::SocketAddr;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `struct folded_key`: what names the connections of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FoldedKey {
    pub cgroup: u64,
    pub epoch: u32,
    pub netns: u32,
    /// [`kind::CLOSE`] or [`kind::FAIL`].
    pub kind: u32,
    pub flags: u32,
    /// Of a FAIL, errno; else 0.
    pub error: i32,
    /// The server's; the clients' are lost.
    pub port: u16,
    pub pad: u16,
    pub local: [u8; 16],
    pub remote: [u8; 16],
}

/// `struct folded`: what the connections of one entry did together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Folded {
    /// When the first was added, and the last; CLOCK_MONOTONIC nanoseconds.
    pub first: u64,
    pub last: u64,
    pub connections: u64,
    /// Of those: ended by the other end first.
    pub closed_by_remote: u64,
    /// Sums of [`super::Counters`]' fields.
    pub sent: u64,
    pub received: u64,
    pub retransmitted_bytes: u64,
    pub retransmits: u64,
    pub lost: u64,
}

const _: () = assert!(size_of::<FoldedKey>() == 64 && size_of::<Folded>() == 72);

/// The same, validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoldedRecord {
    /// `None`: they established and closed.
    pub(crate) failed: Option<FailReason>,
    pub(crate) role: Option<Role>,
    pub(crate) adopted: bool,
    pub(crate) untracked: bool,
    pub(crate) cgroup: u64,
    pub(crate) netns: u32,
    /// The client's end has port 0.
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// When the first ended: who held the addresses then counts for all.
    pub(crate) first: Monotonic,
}

impl FoldedRecord {
    /// # Errors
    /// Another kind than that of an end.
    pub(crate) fn of(key: &FoldedKey, sums: &Folded) -> Result<Self, InvalidRecord> {
        let failed = match key.kind {
            kind::CLOSE => None,
            kind::FAIL => Some(fail_reason(key.error, key.flags)),
            other => return Err(InvalidRecord::Kind(other)),
        };
        let role = Role::of(key.flags);
        let (local_port, remote_port) = if role == Some(Role::Passive) { (key.port, 0) } else { (0, key.port) };
        Ok(Self {
            failed,
            role,
            adopted: key.flags & flag::ADOPTED != 0,
            untracked: key.flags & flag::UNTRACKED != 0,
            cgroup: key.cgroup,
            netns: key.netns,
            local: SocketAddr::new(address(key.local), local_port),
            remote: SocketAddr::new(address(key.remote), remote_port),
            first: sums.first,
        })
    }
}
