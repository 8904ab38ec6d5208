//! References for values that are sent once a stream. Both ends keep the same bounded table; the sender decides its
//! content.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// References of each kind in a stream, from 1 to this number; the oldest is reused.
pub const MAX_REFS: u32 = 65_536;

/// One message has more different values than there are references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// The sender's side: the reference of each value.
#[derive(Debug)]
pub(crate) struct Assigned<T> {
    refs: HashMap<Arc<T>, u32>,
    /// Slot `n` is reference `n + 1`.
    slots: Vec<Option<Slot<T>>>,
    /// Free slots.
    free: Vec<u32>,
    /// The oldest slot, for the next new value when none is free.
    oldest: usize,
    most: usize,
    message: u64,
}

#[derive(Debug)]
struct Slot<T> {
    value: Arc<T>,
    /// Last message that used it, because a reference must not change its value within a message.
    used: u64,
}

impl<T: Eq + Hash> Assigned<T> {
    pub(crate) fn new(most: u32) -> Self {
        Self { refs: HashMap::new(), slots: Vec::new(), free: Vec::new(), oldest: 0, most: most as usize, message: 0 }
    }

    pub(crate) fn start_message(&mut self) {
        self.message += 1;
    }

    /// The value's reference, and whether this message has to define it.
    pub(crate) fn assign(&mut self, value: &Arc<T>) -> Result<(u32, bool), Exhausted> {
        if let Some(&known) = self.refs.get(value) {
            if let Some(Some(slot)) = self.slots.get_mut(known as usize - 1) {
                slot.used = self.message;
            }
            return Ok((known, false));
        }
        let at = self.free_slot()?;
        let slot = Some(Slot { value: Arc::clone(value), used: self.message });
        if at == self.slots.len() {
            self.slots.push(slot);
        } else if let Some(former) = std::mem::replace(&mut self.slots[at], slot) {
            self.refs.remove(&former.value);
        }
        let assigned = u32::try_from(at + 1).map_err(|_| Exhausted)?;
        self.refs.insert(Arc::clone(value), assigned);
        Ok((assigned, true))
    }

    /// Ends a reference; the peer has to be informed.
    pub(crate) fn release(&mut self, reference: u32) {
        let at = reference as usize - 1;
        if let Some(former) = self.slots.get_mut(at).and_then(Option::take) {
            self.refs.remove(&former.value);
            self.free.push(reference - 1);
        }
    }

    /// If there are a quarter more than `keep`, ends the least recently used ones, but none that this message uses.
    /// Returns them for the peer.
    pub(crate) fn trim(&mut self, keep: usize) -> Vec<u32> {
        if self.refs.len() <= keep + keep / 4 {
            return Vec::new();
        }
        let used = |reference: &u32| self.slots[*reference as usize - 1].as_ref().map_or(0, |slot| slot.used);
        let mut by_use: Vec<(u64, u32)> = self.refs.values().map(|reference| (used(reference), *reference)).collect();
        by_use.retain(|(used, _)| *used < self.message);
        by_use.sort_unstable();
        by_use.truncate(self.refs.len() - keep);
        let ended: Vec<u32> = by_use.into_iter().map(|(_, reference)| reference).collect();
        ended.iter().for_each(|reference| self.release(*reference));
        ended
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.refs.len()
    }

    fn free_slot(&mut self) -> Result<usize, Exhausted> {
        if let Some(free) = self.free.pop() {
            return Ok(free as usize);
        }
        if self.slots.len() < self.most {
            return Ok(self.slots.len());
        }
        for _ in 0..self.most {
            let at = self.oldest;
            self.oldest = (at + 1) % self.most;
            if self.slots[at].as_ref().is_none_or(|slot| slot.used != self.message) {
                return Ok(at);
            }
        }
        Err(Exhausted)
    }
}

/// The receiver's side: the value of each reference.
#[derive(Debug)]
pub(crate) struct Defined<T>(HashMap<u32, Arc<T>>);

impl<T> Defined<T> {
    pub(crate) fn new() -> Self {
        Self(HashMap::new())
    }

    /// `None`: the reference is out of range.
    pub(crate) fn define(&mut self, reference: u32, value: T) -> Option<()> {
        (1..=MAX_REFS).contains(&reference).then(|| {
            self.0.insert(reference, Arc::new(value));
        })
    }

    pub(crate) fn get(&self, reference: u32) -> Option<&Arc<T>> {
        self.0.get(&reference)
    }

    pub(crate) fn forget(&mut self, references: &[u32]) {
        for reference in references {
            self.0.remove(reference);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests;
