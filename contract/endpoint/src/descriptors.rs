//! File descriptors: raises their limit, and recognizes errors that mean that none are left.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// Raises the soft limit of open files to the hard one, which needs no privilege. Container runtimes often start with a
/// soft limit of 1,024. Returns the limit; `None`: unlimited.
pub fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, soft = limit.current, hard = limit.maximum, "the limit of open files stays as it is");
            return limit.current;
        }
    }
    limit.maximum
}

/// EMFILE: the process has reached its limit. ENFILE: the system has.
#[must_use]
pub fn are_exhausted(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    errno.is_some_and(|errno| [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].contains(&errno))
}

/// The same for the sources of an error.
#[must_use]
pub fn are_exhausted_below(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(are_exhausted) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests;
