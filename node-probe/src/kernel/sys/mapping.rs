//! Memory that is shared with the kernel side.

use crate::kernel::controls::{Adoption, Controls};
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

pub(in crate::kernel) const PAGE: usize = 4096;

/// A value that may change at any time while it is read.
///
/// # Safety
/// Valid for any bytes, and made of atomics only.
pub(in crate::kernel) unsafe trait Shared {}

// SAFETY: atomic integers.
unsafe impl Shared for AtomicU32 {}
// SAFETY: as above.
unsafe impl Shared for AtomicU64 {}
// SAFETY: repr(C), all of it atomic integers without holes.
unsafe impl Shared for Controls {}
// SAFETY: as above.
unsafe impl Shared for Adoption {}

/// A part of a BPF map as memory.
#[derive(Debug)]
pub(in crate::kernel) struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the mapping is plain shared memory that belongs to no thread.
unsafe impl Send for Mapping {}

impl Mapping {
    pub(in crate::kernel) fn read_only(map: BorrowedFd<'_>, offset: usize, bytes: usize) -> io::Result<Self> {
        Self::new(map, offset, bytes, libc::PROT_READ)
    }

    pub(in crate::kernel) fn writable(map: BorrowedFd<'_>, offset: usize, bytes: usize) -> io::Result<Self> {
        Self::new(map, offset, bytes, libc::PROT_READ | libc::PROT_WRITE)
    }

    fn new(map: BorrowedFd<'_>, offset: usize, bytes: usize, protection: libc::c_int) -> io::Result<Self> {
        let bytes = bytes.next_multiple_of(PAGE);
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: a new mapping at an address of the kernel's choice; the kernel checks its size against the map's.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, libc::MAP_SHARED, map.as_raw_fd(), offset) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mmap gave address 0"))?;
        Ok(Self { start, bytes })
    }

    /// The value at `offset`, which the kernel side may change meanwhile.
    pub(in crate::kernel) fn shared<T: Shared>(&self, offset: usize) -> &T {
        let is_inside = offset.checked_add(size_of::<T>()).is_some_and(|end| end <= self.bytes);
        assert!(is_inside && offset.is_multiple_of(align_of::<T>()), "{offset} of {} mapped bytes", self.bytes);
        // SAFETY: inside the mapping, which lives as long as self, and aligned, as its start is to a page; T is valid for
        // any bytes, and atomics may be shared with another writer.
        unsafe { self.start.add(offset).cast().as_ref() }
    }

    /// Bytes that are not written now. Each caller says why.
    pub(in crate::kernel) fn settled(&self, range: Range<usize>) -> &[u8] {
        assert!(range.start <= range.end && range.end <= self.bytes, "{range:?} of {} mapped bytes", self.bytes);
        // SAFETY: inside the mapping, which lives as long as self. The kernel side does not write to a committed ring
        // record before it is released, nor to the sample array while no pass runs; the callers hold borrows that
        // ensure both.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start).as_ptr(), range.len()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`; no borrow of it outlives self.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
