//! Bytes to items.

use super::{Flaw, InvalidState};
use serde::Deserialize;

/// Walks over the items of a state.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
    /// Items that were read.
    items: u64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(state: &'a [u8]) -> Self {
        Self { left: state, items: 0 }
    }

    /// The bytes of the next item.
    ///
    /// # Errors
    /// The state ends before the item does.
    pub(crate) fn next(&mut self) -> Result<&'a [u8], InvalidState> {
        self.items += 1;
        let (length, rest) = self.left.split_first_chunk().ok_or_else(|| self.invalid(Flaw::Cut))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (item, rest) = rest.split_at_checked(length).ok_or_else(|| self.invalid(Flaw::Cut))?;
        self.left = rest;
        Ok(item)
    }

    /// Items before the one that was read last.
    pub(crate) fn before(&self) -> u64 {
        self.items.saturating_sub(1)
    }

    /// No bytes are left.
    pub(crate) fn is_at_end(&self) -> bool {
        self.left.is_empty()
    }

    /// The item that was read last has this flaw.
    pub(crate) fn invalid(&self, flaw: Flaw) -> InvalidState {
        InvalidState { item: self.before(), flaw }
    }
}

/// An item from all of its bytes.
pub(crate) fn decode<'a, T: Deserialize<'a>>(item: &'a [u8]) -> Result<T, Flaw> {
    match postcard::take_from_bytes(item) {
        Ok((item, [])) => Ok(item),
        Ok(_) | Err(_) => Err(Flaw::Unreadable),
    }
}
