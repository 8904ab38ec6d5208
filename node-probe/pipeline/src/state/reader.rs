//! Bytes to items. They may come from a disk that was full: nothing in them is believed.

use super::item::{Item, SavedHead};
use super::{Dropped, Flaw, InvalidState, ItemKind, STATE_VERSION, Shared};

#[derive(Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
    /// The item that was read last, counted from 1.
    items: u64,
    kind: ItemKind,
    pub(crate) shared: Shared,
    pub(crate) dropped: Dropped,
}

impl<'a> Reader<'a> {
    /// Reads as far as the head.
    pub(crate) fn new(state: &'a [u8]) -> Result<(Self, SavedHead), InvalidState> {
        let (shared, dropped) = (Shared::default(), Dropped::default());
        let mut reader = Self { left: state, items: 0, kind: ItemKind::Head, shared, dropped };
        let head = reader.item()?;
        match head.map_err(|flaw| reader.invalid(flaw))? {
            Item::Head(SavedHead { version, .. }) if version != STATE_VERSION => {
                Err(reader.invalid(Flaw::Version(version)))
            }
            Item::Head(head) => Ok((reader, head)),
            _ => Err(reader.invalid(Flaw::Misplaced)),
        }
    }

    /// The next entry, or why it cannot be read; `None`: that was the last. Shared values are kept for those that name them.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Item<'a>, Flaw>>, InvalidState> {
        loop {
            let item = self.item()?;
            if !self.kind.is_shared() && self.kind != ItemKind::End {
                return Ok(Some(item));
            }
            match item {
                Ok(Item::End { items }) if items != self.items - 1 => {
                    return Err(self.invalid(Flaw::Implausible("number of items")));
                }
                Ok(Item::End { .. }) if !self.left.is_empty() => return Err(self.invalid(Flaw::Trailing)),
                Ok(Item::End { .. }) => return Ok(None),
                Err(flaw) if self.kind == ItemKind::End => return Err(self.invalid(flaw)),
                item => {
                    if let Err(flaw) = self.shared.learn(self.kind, item) {
                        self.drop(flaw);
                    }
                }
            }
        }
    }

    /// Of the item that was read last.
    pub(crate) fn kind(&self) -> ItemKind {
        self.kind
    }

    /// The item that was read last is left out.
    pub(crate) fn drop(&mut self, flaw: Flaw) {
        let invalid = self.invalid(flaw);
        self.dropped.count(self.kind, invalid);
    }

    /// Something is wrong with the item that was read last.
    pub(crate) fn invalid(&self, flaw: Flaw) -> InvalidState {
        InvalidState { item: self.items.saturating_sub(1), flaw }
    }

    /// An item whose kind cannot be told may be one that others name by its number.
    fn item(&mut self) -> Result<Result<Item<'a>, Flaw>, InvalidState> {
        self.items += 1;
        let (length, rest) = self.left.split_first_chunk().ok_or_else(|| self.invalid(Flaw::Cut))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (bytes, rest) = rest.split_at_checked(length).ok_or_else(|| self.invalid(Flaw::Cut))?;
        self.left = rest;
        self.kind = ItemKind::of(bytes).ok_or_else(|| self.invalid(Flaw::Unreadable))?;
        Ok(match postcard::take_from_bytes(bytes) {
            Ok((item, [])) => Ok(item),
            Ok(_) | Err(_) => Err(Flaw::Unreadable),
        })
    }
}
