//! bpf(2) itself.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// A prefix of `union bpf_attr`.
///
/// # Safety
/// repr(C), without holes; fields that the kernel takes for pointers are valid ones or 0.
pub(super) unsafe trait Attr {}

/// For commands that do not return a descriptor.
pub(super) fn bpf<T: Attr>(command: libc::c_long, attr: &mut T) -> io::Result<libc::c_long> {
    // SAFETY: attr is a live, fully initialised prefix of union bpf_attr, and its size is passed with it.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attr), size_of::<T>()) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// For commands that return a new descriptor.
pub(super) fn bpf_fd<T: Attr>(command: libc::c_long, attr: &mut T) -> io::Result<OwnedFd> {
    let fd = RawFd::try_from(bpf(command, attr)?).map_err(io::Error::other)?;
    // SAFETY: a new descriptor with no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
