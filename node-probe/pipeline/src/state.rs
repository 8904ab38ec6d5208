//! The whole state as bytes, for a successor after a kill: an item at a time, so that nobody waits long for the lock.
//!
//! ```text
//! state: Head, shared values and entries, End { items }; each: length (u32, little-endian), postcard of an Item
//! ```
//!
//! A workload, service, place, pod, edge or telemetry is written once, before the first entry that names it by its number: as it is shared in
//! memory, so it is in the bytes. What follows from other entries is left out, and found again when they are read.
//!
//! An item that cannot be true is left out and counted, with what names it ([`Dropped`]). The state as a whole is refused
//! when it is cut, of another version or without its head, or when items are missing: then no number can be trusted.

mod dropped;
mod ids;
mod item;
mod names;
mod reader;
mod shared;
mod writer;

pub use dropped::Dropped;
pub(crate) use dropped::ItemKind;
pub(crate) use ids::Ids;
pub(crate) use item::{
    Item, SavedCase, SavedCgroup, SavedConnection, SavedCourse, SavedHead, SavedHolder, SavedIdentity, SavedOwner,
    SavedPair, SavedResolution, SavedRoute, SavedSeen, SavedSet, SavedSlot, SavedStage, SavedStanding, SavedTarget,
};
pub(crate) use names::Names;
pub(crate) use reader::Reader;
pub(crate) use shared::Shared;
pub(crate) use writer::Writer;

/// Of the layout. State of another cannot be read.
pub const STATE_VERSION: u32 = 4;

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

/// How far saving has come.
#[derive(Debug, Default)]
pub struct SaveCursor {
    pub(crate) names: Names,
    /// Of the parts of a pipeline.
    pub(crate) part: usize,
    /// Within the part.
    pub(crate) at: u64,
}

impl SaveCursor {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
