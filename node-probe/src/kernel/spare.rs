//! A reserved file descriptor, closed to make room when none are left for an operation that must not wait.

use longwire_endpoint::descriptors;
use std::fs::File;
use std::io;

#[cfg(test)]
mod tests;

#[derive(Debug)]
pub(super) struct Spare(Option<File>);

impl Spare {
    pub(super) fn new() -> Self {
        let mut spare = Self(None);
        spare.take_back();
        spare
    }

    /// Opens with `open`, in place of the reserved descriptor if none is left. Also returns how often none was left,
    /// unless it fails.
    pub(super) fn lend<T>(&mut self, open: impl Fn() -> io::Result<T>) -> (io::Result<T>, u64) {
        let is_exhausted = |opened: &io::Result<T>| opened.as_ref().is_err_and(descriptors::are_exhausted);
        let opened = open();
        if !is_exhausted(&opened) {
            return (opened, 0);
        }
        if self.0.take().is_none() {
            return (opened, 1);
        }
        // Another thread may have taken the descriptor.
        let opened = open();
        let missing = 1 + u64::from(is_exhausted(&opened));
        (opened, missing)
    }

    /// Reserves a descriptor again, once the other is closed. If none is left, the next call retries.
    pub(super) fn take_back(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
    }
}
