//! The entries of a state, one after the other. Shared values are kept for the entries that refer to them.

use super::{Dropped, Item, ItemKind, SavedEnd, SavedHead};
use crate::shared::Shared;
use crate::state::{Flaw, InvalidState, Late, READ_VERSIONS, Reader, decode};

#[derive(Debug)]
pub(in crate::pipeline) struct ItemReader<'a> {
    reader: Reader<'a>,
    /// Of the item that was read last.
    kind: ItemKind,
    pub(in crate::pipeline) shared: Shared,
    pub(in crate::pipeline) dropped: Dropped,
}

impl<'a> ItemReader<'a> {
    /// Reads as far as the head.
    pub(in crate::pipeline) fn new(state: &'a [u8]) -> Result<(Self, SavedHead), InvalidState> {
        let (shared, dropped) = (Shared::default(), Dropped::default());
        let mut reader = Self { reader: Reader::new(state), kind: ItemKind::Head, shared, dropped };
        let head = reader.item()?;
        match head.map_err(|flaw| reader.invalid(flaw))? {
            Item::Head(SavedHead { version, .. }) if !READ_VERSIONS.contains(&version) => {
                Err(reader.invalid(Flaw::Version(version)))
            }
            Item::Head(head) => Ok((reader, head)),
            _ => Err(reader.invalid(Flaw::Misplaced)),
        }
    }

    /// The next entry, or why it cannot be read; `None`: there are no more.
    pub(in crate::pipeline) fn next(&mut self) -> Result<Option<Result<Item<'a>, Flaw>>, InvalidState> {
        loop {
            let item = self.item()?;
            if self.kind == ItemKind::End {
                return self.end(item).map(|()| None);
            }
            let Some(kind) = self.kind.shared() else { return Ok(Some(item)) };
            let learnt = match item.map(Item::into_shared) {
                Ok(Some(value)) => self.shared.learn(value),
                Ok(None) => Err(Flaw::Misplaced),
                Err(flaw) => {
                    self.shared.leave_out(kind);
                    Err(flaw)
                }
            };
            if let Err(flaw) = learnt {
                self.drop(flaw);
            }
        }
    }

    pub(in crate::pipeline) fn kind(&self) -> ItemKind {
        self.kind
    }

    /// Leaves out the item that was read last.
    pub(in crate::pipeline) fn drop(&mut self, flaw: Flaw) {
        let invalid = self.invalid(flaw);
        self.dropped.count(self.kind, invalid);
    }

    /// The item that was read last has this flaw.
    pub(in crate::pipeline) fn invalid(&self, flaw: Flaw) -> InvalidState {
        self.reader.invalid(flaw)
    }

    /// An item whose kind cannot be read may be one that others refer to by its number.
    fn item(&mut self) -> Result<Result<Item<'a>, Flaw>, InvalidState> {
        let item = self.reader.next()?;
        self.kind = ItemKind::of(item).ok_or_else(|| self.invalid(Flaw::Unreadable))?;
        Ok(decode(item))
    }

    fn end(&self, item: Result<Item<'_>, Flaw>) -> Result<(), InvalidState> {
        match item.map_err(|flaw| self.invalid(flaw))? {
            Item::End(SavedEnd { items, .. }) if items != self.reader.before() => {
                Err(self.invalid(Flaw::Implausible("number of items")))
            }
            Item::End(SavedEnd { shared: Late(Some(counts)), .. }) if counts != self.shared.counts() => {
                Err(self.invalid(Flaw::Implausible("number of shared values")))
            }
            _ if !self.reader.is_at_end() => Err(self.invalid(Flaw::Trailing)),
            _ => Ok(()),
        }
    }
}
