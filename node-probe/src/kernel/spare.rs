//! A descriptor that is kept for when none are left: what must not wait for others to close theirs uses its place.

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

    /// What `open` opens, in place of the spare one where no descriptor is left; and how often none was, short of an error.
    pub(super) fn lend<T>(&mut self, open: impl Fn() -> io::Result<T>) -> (io::Result<T>, u64) {
        let is_exhausted = |opened: &io::Result<T>| opened.as_ref().is_err_and(descriptors::are_exhausted);
        let opened = open();
        if !is_exhausted(&opened) {
            return (opened, 0);
        }
        if self.0.take().is_none() {
            return (opened, 1);
        }
        // Another thread may have been quicker.
        let opened = open();
        let missing = 1 + u64::from(is_exhausted(&opened));
        (opened, missing)
    }

    /// Once what was opened is closed. Where it cannot be had now, it is tried again the next time.
    pub(super) fn take_back(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
    }
}
