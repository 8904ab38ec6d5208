//! The slice of a thread: how long the scheduler lets it run before a thread that wakes may have its CPU.

use std::io;

/// Nanoseconds; the least that the kernel accepts. The usual slice is some milliseconds.
const SHORT: u64 = 100_000;
const SCHED_OTHER: u32 = 0;

/// `struct sched_attr` in its first version.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    /// Of an ordinary thread its slice, since Linux 6.12. Ignored before.
    runtime: u64,
    deadline: u64,
    period: u64,
}

const SIZE: u32 = 48;
const _: () = assert!(size_of::<Attributes>() == SIZE as usize);

/// Gives the calling thread a short slice, and leaves its priority as it is. What is left of a slice is forfeited by a
/// yield, so this also makes yields cheap. Only for a thread of the ordinary policy.
pub(crate) fn shorten_slice() -> io::Result<()> {
    let mut attributes = read()?;
    if attributes.policy != SCHED_OTHER {
        return Ok(());
    }
    attributes.runtime = SHORT;
    // SAFETY: a live structure of the size that it names; the kernel reads it. 0 is the calling thread.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn read() -> io::Result<Attributes> {
    let mut attributes = Attributes { size: SIZE, ..Attributes::default() };
    // SAFETY: a live structure, and its size: the kernel writes no more. 0 is the calling thread.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, SIZE, 0) };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(attributes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_slice_changes_no_priority() {
        std::thread::spawn(|| {
            let before = read().unwrap();
            shorten_slice().unwrap();
            let after = read().unwrap();
            assert_eq!((after.policy, after.nice, after.priority), (before.policy, before.nice, before.priority));
            // Kernels before 6.12 have no slices for a thread, and say 0.
            assert!([0, SHORT].contains(&after.runtime), "{after:?}");
        })
        .join()
        .unwrap();
    }
}
