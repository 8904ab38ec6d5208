//! Ids of connections that are over. Samples and closes arrive on different ways, and a late one must not revive a connection.

use super::hash;
use hashbrown::HashTable;
use std::mem;

/// Remembers each id for one complete pass that began after it was closed, as long as there is room.
#[derive(Debug)]
pub(super) struct Closed {
    current: HashTable<u64>,
    previous: HashTable<u64>,
    /// Bound of each of the two.
    limit: usize,
    forgotten: u64,
}

impl Closed {
    pub(super) fn new(limit: usize) -> Self {
        Self { current: HashTable::new(), previous: HashTable::new(), limit, forgotten: 0 }
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        let found = |set: &HashTable<u64>| set.find(hash(id), |other| *other == id).is_some();
        found(&self.current) || found(&self.previous)
    }

    /// Returns whether it is new.
    pub(super) fn insert(&mut self, id: u64) -> bool {
        if self.contains(id) {
            return false;
        }
        if self.current.len() >= self.limit {
            self.forgotten += self.previous.len() as u64;
            self.rotate();
        }
        self.current.insert_unique(hash(id), id, |id| hash(*id));
        true
    }

    pub(super) fn rotate(&mut self) {
        mem::swap(&mut self.current, &mut self.previous);
        self.current.clear();
    }

    pub(super) fn clear(&mut self) {
        self.current.clear();
        self.previous.clear();
    }

    /// Ids of the current pass, or of the one before.
    pub(super) fn ids(&self, previous: bool) -> &HashTable<u64> {
        if previous { &self.previous } else { &self.current }
    }

    /// Returns whether it is new.
    pub(super) fn restore(&mut self, id: u64, previous: bool) -> bool {
        let is_new = !self.contains(id);
        if is_new {
            let table = if previous { &mut self.previous } else { &mut self.current };
            table.insert_unique(hash(id), id, |id| hash(*id));
        }
        is_new
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
