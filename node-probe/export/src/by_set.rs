//! What an encoder keeps of each label set, for as long as that lives. As many as there are label sets.

use longwire_model::series::LabelKind;
use longwire_pipeline::metrics::LabelSetId;
use std::array;

/// A table that is full grows by one part in so many.
const GROWTH: usize = 8;

/// By kind and slot, with the birth of the label set that had the slot when it was made.
#[derive(Debug)]
pub(crate) struct BySet<T>([Vec<Option<(u64, T)>>; LabelKind::ALL.len()]);

impl<T> BySet<T> {
    /// Made anew if there is none, or one of an earlier label set in the same slot.
    pub(crate) fn entry(&mut self, id: LabelSetId, make: impl FnOnce() -> T) -> &mut T {
        let LabelSetId { kind, slot, birth } = id;
        let of_kind = &mut self.0[kind as usize];
        if of_kind.capacity() <= slot {
            of_kind.reserve_exact(slot + 1 + slot / GROWTH - of_kind.len());
        }
        if of_kind.len() <= slot {
            of_kind.resize_with(slot + 1, || None);
        }
        let entry = &mut of_kind[slot];
        if entry.as_ref().is_some_and(|(of, _)| *of != birth) {
            *entry = None;
        }
        &mut entry.get_or_insert_with(|| (birth, make())).1
    }

    pub(crate) fn get_mut(&mut self, LabelSetId { kind, slot, birth }: LabelSetId) -> Option<&mut T> {
        let (of, kept) = self.0[kind as usize].get_mut(slot)?.as_mut()?;
        (*of == birth).then_some(kept)
    }

    /// The label set is removed.
    pub(crate) fn forget(&mut self, id: LabelSetId) {
        if self.get_mut(id).is_some() {
            self.0[id.kind as usize][id.slot] = None;
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.iter().flatten().flatten().count()
    }
}

impl<T> Default for BySet<T> {
    fn default() -> Self {
        Self(array::from_fn(|_| Vec::new()))
    }
}
