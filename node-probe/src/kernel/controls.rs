//! `struct control` of `bpf/record.h`: what user space and the programs tell each other without a system call.

use super::sys::Mapping;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, AtomicU64};

#[derive(Debug)]
#[repr(C)]
pub(crate) struct Controls {
    /// Names this set of maps, and with it the state that goes with it; first in every layout, so that a probe of another
    /// build can tell whose state it found. 0: not complete.
    pub(super) instance: AtomicU64,
    pub(super) alive: AtomicU64,
    pub(super) wake_at: AtomicU64,
    pub(super) owner: AtomicU32,
    pub(super) epoch: AtomicU32,
    pub(super) generation: AtomicU32,
    pub(super) pass: AtomicU32,
    pub(super) visited: AtomicU32,
    pub(super) used: AtomicU32,
    pub(super) left: AtomicU32,
    pad: AtomicU32,
}

const _: () = assert!(size_of::<Controls>() == 56);

#[derive(Debug)]
pub(super) struct MappedControls(Mapping);

impl MappedControls {
    pub(super) fn map(array: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self(Mapping::writable(array, 0, size_of::<Controls>())?))
    }
}

impl std::ops::Deref for MappedControls {
    type Target = Controls;

    fn deref(&self) -> &Controls {
        self.0.shared(0)
    }
}
