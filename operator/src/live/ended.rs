//! Which of the rows that are over go next. Pure.
//!
//! A node has at most half of them: one that reports endings without end drives out its own, not those of others.

#[cfg(test)]
mod tests;

use super::row::Key;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most rows that have ended, of all nodes and of one, and how long they are shown.
pub(super) const MAX_ENDED: usize = 8_192;
pub(super) const MAX_ENDED_OF_NODE: usize = 4_096;
pub(super) const SHOW_ENDED: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct EndedRows {
    /// By number, which is their order.
    rows: BTreeMap<u64, Ended>,
    of_node: HashMap<Arc<str>, VecDeque<u64>>,
    next: u64,
}

#[derive(Debug)]
struct Ended {
    at: Instant,
    key: Key,
    node: Arc<str>,
}

impl EndedRows {
    /// `node`: the first that reported it.
    pub(super) fn push(&mut self, key: Key, node: &Arc<str>, now: Instant) {
        let number = self.next;
        self.next += 1;
        self.rows.insert(number, Ended { at: now, key, node: Arc::clone(node) });
        self.of_node.entry(Arc::clone(node)).or_default().push_back(number);
    }

    /// One that has to go now.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Key> {
        let (number, oldest) = self.rows.first_key_value()?;
        let is_due = self.rows.len() > MAX_ENDED || now.saturating_duration_since(oldest.at) >= SHOW_ENDED;
        is_due.then_some(*number).and_then(|number| self.remove(number))
    }

    /// One of this node that has to go, because it has too many.
    pub(super) fn pop_of(&mut self, node: &Arc<str>) -> Option<Key> {
        let numbers = self.of_node.get(node).filter(|numbers| numbers.len() > MAX_ENDED_OF_NODE)?;
        let number = *numbers.front()?;
        self.remove(number)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// It is its node's oldest.
    fn remove(&mut self, number: u64) -> Option<Key> {
        let Ended { key, node, at: _ } = self.rows.remove(&number)?;
        if let Some(numbers) = self.of_node.get_mut(&node) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.of_node.remove(&node);
            }
        }
        Some(key)
    }
}
