//! Waits until the ring fills.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Edge-triggered, because records that were read and not released would make poll(2) return at once.
#[derive(Debug)]
pub(in crate::kernel) struct Readiness {
    epoll: OwnedFd,
}

impl Readiness {
    pub(in crate::kernel) fn of(ring: BorrowedFd<'_>) -> io::Result<Self> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a new descriptor with no other owner.
        let epoll = unsafe { OwnedFd::from_raw_fd(fd) };
        let mut event = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET).cast_unsigned(), u64: 0 };
        // SAFETY: two live descriptors and one live event, which is copied.
        let added =
            unsafe { libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, ring.as_raw_fd(), &raw mut event) };
        if added < 0 { Err(io::Error::last_os_error()) } else { Ok(Self { epoll }) }
    }

    /// Waits for a wake-up of the kernel side, or for the timeout.
    pub(in crate::kernel) fn wait(&self, timeout: Duration) {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: room for one event. Failures and signals are treated as wake-ups, because the caller reads the ring
        // anyway.
        unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), &raw mut event, 1, millis) };
    }
}
