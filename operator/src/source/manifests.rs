//! The manifests in a directory, watched.
//!
//! ```text
//! directory --walk--> files --split--> documents --parse--> objects --store--> Event
//! ```
//!
//! A document that does not parse is named in the log, and the objects that it defined before are kept.

use crate::source::event::{Batch, Event};
use crate::source::object::Object;
use crate::source::parse;
use longwire_endpoint::descriptors;
use std::io;
use std::path::{Path, PathBuf};
use store::Store;

mod document;
mod store;
#[cfg(test)]
mod tests;
mod walk;
mod watch;

pub use walk::{Found, MAX_BYTES, walk};
pub(crate) use watch::follow;

/// The objects of a file in YAML, and how many of its documents do not parse.
#[must_use]
pub fn read(text: &str) -> (Vec<Object>, usize) {
    let (file, errors) = document::File::default().edit(parse::Format::Yaml, text);
    (file.parsed().cloned().collect(), errors.first.len() + errors.more)
}

#[derive(Debug, thiserror::Error)]
#[error("manifests directory {}: {reason}; create it, or name another with --manifests", directory.display())]
pub struct InvalidDirectory {
    pub directory: PathBuf,
    #[source]
    pub reason: io::Error,
}

/// A directory of manifests, as it was at the last look.
#[derive(Debug)]
pub struct Manifests {
    directory: PathBuf,
    store: Store,
    synced: bool,
    starved: u64,
}

impl Manifests {
    pub fn open(directory: &Path) -> Result<Self, InvalidDirectory> {
        std::fs::read_dir(directory).map_err(|reason| InvalidDirectory { directory: directory.to_owned(), reason })?;
        Ok(Self { directory: directory.to_owned(), store: Store::default(), synced: false, starved: 0 })
    }

    /// Files and directories that could not be read so far, because no descriptor was free. The objects that they defined
    /// before are kept.
    #[must_use]
    pub fn starved(&self) -> u64 {
        self.starved
    }

    /// The next look sends the objects of the three kinds again.
    fn resend(&mut self) {
        self.store.resend();
    }

    /// Reads the directory and returns what has changed since the last time.
    pub fn look(&mut self) -> Batch {
        let found = walk(&self.directory);
        let starved = found.values().filter(|read| read.as_ref().is_err_and(descriptors::are_exhausted));
        self.starved += starved.count() as u64;
        let mut events = self.store.take(found);
        if !self.synced {
            self.synced = true;
            events.push(Event::Synced);
        }
        events
    }
}
