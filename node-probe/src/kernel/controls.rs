//! `struct control` of `bpf/record.h`: what user space and the programs tell each other without a system call.

use super::sys::{Mapping, Shared};
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
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
    pub(super) batched: AtomicU32,
    pub(super) used: AtomicU32,
    pub(super) left: AtomicU32,
    pad: AtomicU32,
}

/// `struct adoption` of `bpf/record.h`: what a socket without an entry means.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Adoption {
    pub(super) since: AtomicU64,
    pub(super) stage: AtomicU32,
    pad: AtomicU32,
}

/// `enum adoption_stage`.
pub(super) mod stage {
    pub(in crate::kernel) const NONE: u32 = 0;
    pub(in crate::kernel) const CLOSES: u32 = 1;
    pub(in crate::kernel) const ALL: u32 = 2;
}

const _: () = assert!(size_of::<Controls>() == 56 && size_of::<Adoption>() == 16);

/// An array map of one of them.
#[derive(Debug)]
pub(super) struct Mapped<T>(Mapping, PhantomData<T>);

pub(super) type MappedControls = Mapped<Controls>;
pub(super) type MappedAdoption = Mapped<Adoption>;

impl<T: Shared> Mapped<T> {
    pub(super) fn map(array: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self(Mapping::writable(array, 0, size_of::<T>())?, PhantomData))
    }
}

impl<T: Shared> Deref for Mapped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.shared(0)
    }
}
