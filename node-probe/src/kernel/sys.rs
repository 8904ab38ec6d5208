//! The four system calls that aya has no wrapper for: the only unsafe code of the probe.
#![expect(unsafe_code, reason = "raw bpf(2), mmap(2) and poll(2); every block says why it is sound")]

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::time::Duration;

const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_ITER_CREATE: libc::c_long = 33;
const BPF_TRACE_ITER: u32 = 28;

/// `union bpf_attr` of BPF_LINK_CREATE, as far as iterators use it.
#[repr(C)]
struct LinkCreate {
    prog_fd: u32,
    target_fd: u32,
    attach_type: u32,
    flags: u32,
    iter_info: u64,
    iter_info_len: u32,
    pad: u32,
}

/// `union bpf_attr` of BPF_ITER_CREATE.
#[repr(C)]
struct IterCreate {
    link_fd: u32,
    flags: u32,
}

/// `union bpf_iter_link_info`, whose largest member takes 16 bytes.
#[repr(C)]
struct IterInfo {
    map_fd: u32,
    rest: [u32; 3],
}

fn bpf<T>(command: libc::c_long, attr: &mut T) -> io::Result<OwnedFd> {
    // SAFETY: attr is a live, fully initialised, repr(C) prefix of union bpf_attr, and its size is passed with it.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attr), size_of::<T>()) };
    let fd = RawFd::try_from(fd).map_err(io::Error::other)?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both commands used here return a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// An iterator program tied to what it walks: a map's elements, or for `None` what its type says.
#[derive(Debug)]
pub(super) struct Walk {
    link: OwnedFd,
}

impl Walk {
    /// aya's own link cannot point at a map.
    pub(super) fn attach(program: BorrowedFd<'_>, map: Option<BorrowedFd<'_>>) -> io::Result<Self> {
        let info = IterInfo { map_fd: map.map_or(0, |map| map.as_raw_fd().cast_unsigned()), rest: [0; 3] };
        let given = u32::from(map.is_some());
        let mut attr = LinkCreate {
            prog_fd: program.as_raw_fd().cast_unsigned(),
            target_fd: 0,
            attach_type: BPF_TRACE_ITER,
            flags: 0,
            iter_info: if map.is_some() { std::ptr::from_ref(&info) as u64 } else { 0 },
            iter_info_len: given * u32::try_from(size_of::<IterInfo>()).map_err(io::Error::other)?,
            pad: 0,
        };
        Ok(Self { link: bpf(BPF_LINK_CREATE, &mut attr)? })
    }

    /// One whole pass. The programs write to maps and rings, not to the descriptor, so that a read returns at the end.
    pub(super) fn run(&self) -> io::Result<()> {
        let mut attr = IterCreate { link_fd: self.link.as_raw_fd().cast_unsigned(), flags: 0 };
        let mut pass = File::from(bpf(BPF_ITER_CREATE, &mut attr)?);
        let mut nothing = [0; 64];
        loop {
            match pass.read(&mut nothing) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // The kernel takes a breath after a million elements.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A BPF array of `T` as memory, read-only.
#[derive(Debug)]
pub(super) struct MappedArray<T> {
    start: NonNull<T>,
    bytes: usize,
    slots: usize,
}

// SAFETY: the mapping is plain shared memory that belongs to no thread.
unsafe impl<T: Send> Send for MappedArray<T> {}

impl<T: zerocopy::FromBytes> MappedArray<T> {
    pub(super) fn map(array: BorrowedFd<'_>, slots: NonZeroUsize) -> io::Result<Self> {
        const PAGE: usize = 4096;
        let bytes = (slots.get() * size_of::<T>()).next_multiple_of(PAGE);
        // SAFETY: a new mapping at an address of the kernel's choice; the kernel checks its size against the array's.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ, libc::MAP_SHARED, array.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mmap gave address 0"))?;
        Ok(Self { start, bytes, slots: slots.get() })
    }

    /// The first `used` slots. The one who runs the filling program holds `&mut`, so that nothing writes meanwhile.
    pub(super) fn first(&mut self, used: usize) -> &[T] {
        // SAFETY: the mapping holds `slots` elements and lives as long as self; T is valid for any bytes, a page is
        // aligned enough for it, and only an iterator pass writes here, which needs the same exclusive borrow.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), used.min(self.slots)) }
    }
}

impl<T> Drop for MappedArray<T> {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `map`; no borrow of it outlives self.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// Waits until the descriptor is readable or the time is over.
pub(super) fn wait_readable(fd: impl AsFd, timeout: Duration) {
    let mut poll = libc::pollfd { fd: fd.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one live pollfd. A failure or a signal is like a wake-up: the caller looks at the ring anyway.
    unsafe { libc::poll(&raw mut poll, 1, millis) };
}

/// CLOCK_MONOTONIC, nanoseconds: what `bpf_ktime_get_ns` reads.
pub(crate) fn monotonic() -> u64 {
    clock(libc::CLOCK_MONOTONIC)
}

/// CLOCK_REALTIME, nanoseconds since the epoch.
pub(crate) fn realtime() -> u64 {
    clock(libc::CLOCK_REALTIME)
}

fn clock(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a live timespec; the clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}
