//! Saved state as bytes: a reader and a writer that know no item. Each module defines the saved form of what it owns.
//!
//! ```text
//! state: items; each: length (u32, little-endian), postcard of the item
//! ```
//!
//! The writer appends one item at a time, so that no save holds the lock for long. The reader checks lengths, and each item that
//! it decodes. Bytes may come from a disk that was full, so the reader trusts none of them.

mod ids;
mod late;
mod reader;
mod writer;

pub(crate) use ids::Ids;
pub(crate) use late::Late;
pub(crate) use reader::{Reader, decode};
pub(crate) use writer::Writer;

use std::ops::RangeInclusive;

/// Version of the layout of all items. Version 5 has shared ids of connections and cursors of exporters.
pub const STATE_VERSION: u32 = 5;

/// The versions that a probe reads: its own, and that of the release before.
pub const READ_VERSIONS: RangeInclusive<u32> = 4..=STATE_VERSION;

/// What is wrong with a state, or with one item of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("item {item} of the saved state {flaw}")]
pub struct InvalidState {
    /// Counted from 0.
    pub item: u64,
    pub flaw: Flaw,
}

/// What is wrong with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("is of version {0}, and this is version {STATE_VERSION}")]
    Version(u32),
    #[error("is cut short, or missing")]
    Cut,
    #[error("cannot be read")]
    Unreadable,
    #[error("stands where none like it may stand")]
    Misplaced,
    #[error("names a {0} that is not there")]
    Dangling(&'static str),
    #[error("is a {0} that was there already")]
    Twice(&'static str),
    #[error("has a {0} that cannot be true")]
    Implausible(&'static str),
    #[error("is the last, and more follows")]
    Trailing,
}
