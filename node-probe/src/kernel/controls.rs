//! `struct control` of `bpf/record.h`: shared by user space and the programs without system calls.

use super::sys::{Mapping, Shared};
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, AtomicU64};

#[derive(Debug)]
#[repr(C)]
pub(crate) struct Controls {
    /// Id of this set of maps and of the state that belongs to them; the first field in every layout, so that a probe
    /// of another build can find that state. 0: incomplete.
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

/// `struct adoption` of `bpf/record.h`: the meaning of a socket without an entry.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Adoption {
    pub(super) since: AtomicU64,
    pub(super) complete: AtomicU32,
    pad: AtomicU32,
}

const _: () = assert!(size_of::<Controls>() == 56 && size_of::<Adoption>() == 16);

/// An array map with one value, mapped.
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
