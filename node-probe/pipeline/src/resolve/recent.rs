//! A bounded map. When it is full, the entry that was not used for longest goes.

#[cfg(test)]
mod tests;

use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Recent<K, V> {
    entries: HashMap<K, (u64, V)>,
    /// Keys by the turn of their last use.
    order: BTreeMap<u64, K>,
    turn: u64,
    limit: usize,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), order: BTreeMap::new(), turn: 0, limit }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Looks an entry up and counts it as used. One of the youngest eighth keeps its place in the order, which is the usual case and
    /// costs nothing.
    pub(super) fn get(&mut self, key: &K) -> Option<&mut V> {
        let Self { entries, order, turn, limit } = self;
        let (last, value) = entries.get_mut(key)?;
        if *turn - *last < *limit as u64 / 8 {
            return Some(value);
        }
        *turn += 1;
        order.remove(last);
        order.insert(*turn, *key);
        *last = *turn;
        Some(value)
    }

    /// Looks an entry up without counting it as used.
    pub(super) fn peek_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Returns the key that made room.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<K> {
        self.remove(&key);
        let evicted = if self.entries.len() >= self.limit { self.order.pop_first() } else { None };
        let evicted = evicted.map(|(_, oldest)| oldest);
        if let Some(oldest) = &evicted {
            self.entries.remove(oldest);
        }
        self.turn += 1;
        self.order.insert(self.turn, key);
        self.entries.insert(key, (self.turn, value));
        evicted
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (turn, value) = self.entries.remove(key)?;
        self.order.remove(&turn);
        Some(value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, (_, value))| (key, value))
    }

    /// The entry that was last used at this turn, or the first one after it, with its turn.
    pub(super) fn since(&self, turn: u64) -> Option<(u64, &K, &V)> {
        let (turn, key) = self.order.range(turn..).next()?;
        Some((*turn, key, &self.entries.get(key)?.1))
    }

    /// Keys and values, the longest unused first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = (&K, &V)> {
        self.order.values().filter_map(|key| Some((key, &self.entries.get(key)?.1)))
    }
}
