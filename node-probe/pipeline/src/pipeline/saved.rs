//! The one list of items that a state is made of, and how it is read.
//!
//! ```text
//! state: Head, shared values and entries, End
//! ```
//!
//! Shared values stand before the first entry that refers to them. What follows from other entries is left out, and found again
//! when they are read.
//!
//! An item that cannot be true is left out and counted, with what refers to it ([`Dropped`]). The state as a whole is refused
//! when it is cut, of another version or without its head, or when its end counts other items: then no number can be trusted.

mod dropped;
mod item;
mod reader;

pub use dropped::Dropped;
pub(super) use item::{Item, ItemKind, SavedEnd, SavedHead};
pub(super) use reader::ItemReader;
