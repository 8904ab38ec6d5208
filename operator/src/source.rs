//! The manifests in a directory, watched.
//!
//! ```text
//! directory --walk--> files --split--> documents --parse--> objects --ledger--> Event
//! ```
//!
//! A document that does not parse is named in the log, and what it defined before stays.

use crate::event::{Batch, Event};
use crate::figures::Figures;
use crate::object::policy::TelemetryPolicy;
use crate::object::{Kind, Object};
use ledger::Ledger;
use longwire_endpoint::descriptors;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

mod document;
pub mod kubernetes;
mod ledger;
mod parse;
mod reread;
mod split;
#[cfg(test)]
mod tests;
mod walk;
mod watch;

pub(crate) use reread::Requests;
pub use reread::Reread;
pub use watch::follow;

/// Where a source's objects go, and how it is asked for them again.
#[derive(Clone, Debug)]
pub struct Feed {
    pub batches: mpsc::Sender<Batch>,
    pub reread: Reread,
    pub figures: Arc<Figures>,
}

/// The objects of a file in YAML, and how many of its documents do not parse.
#[must_use]
pub fn read(text: &str) -> (Vec<Object>, usize) {
    let (file, errors) = document::File::default().edit(parse::Format::Yaml, text);
    (file.parsed().cloned().collect(), errors.first.len() + errors.more)
}

/// A policy as an API server tells of it; what it says may still be refused. An error: it is none.
pub(crate) fn told_policy(kind: Kind, value: &Value) -> Result<Object, serde_json::Error> {
    parse::policy::told(kind, value)
}

/// A document that holds one TelemetryPolicy and nothing else, in YAML; what it says may still be refused.
pub(crate) fn telemetry_policy(text: &str) -> Result<TelemetryPolicy, String> {
    let piece = split::Piece { line: 1, text };
    let objects = parse::parse(parse::Format::Yaml, piece)
        .map_err(|parse::Damaged { first, .. }| format!("line {}: {}", first.line, first.message))?;
    match <[Object; 1]>::try_from(objects) {
        Ok([Object::TelemetryPolicy(policy)]) => Ok(policy.as_ref().clone()),
        Ok([Object::Unreadable(unreadable)]) => Err(unreadable.refusal.message.clone()),
        _ => Err("not one TelemetryPolicy".to_owned()),
    }
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
    ledger: Ledger,
    synced: bool,
    starved: u64,
}

impl Manifests {
    pub fn open(directory: &Path) -> Result<Self, InvalidDirectory> {
        std::fs::read_dir(directory).map_err(|reason| InvalidDirectory { directory: directory.to_owned(), reason })?;
        Ok(Self { directory: directory.to_owned(), ledger: Ledger::default(), synced: false, starved: 0 })
    }

    /// Files and directories that could not be read so far, for want of a descriptor. What they defined before stays.
    #[must_use]
    pub fn starved(&self) -> u64 {
        self.starved
    }

    /// The objects of the three kinds are told again at the next look.
    fn retell(&mut self) {
        self.ledger.retell();
    }

    /// Reads the directory and tells what has changed since the last time.
    pub fn look(&mut self) -> Batch {
        let found = walk::walk(&self.directory);
        let starved = found.values().filter(|read| read.as_ref().is_err_and(descriptors::are_exhausted));
        self.starved += starved.count() as u64;
        let mut events = self.ledger.take(found);
        if !self.synced {
            self.synced = true;
            events.push(Event::Synced);
        }
        events
    }
}
