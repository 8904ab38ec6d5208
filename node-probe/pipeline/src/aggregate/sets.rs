//! Label sets of one kind, in slots that stay where they are while somebody holds them.

use crate::labels::LabelSet;
use crate::observation::Reporter;
use crate::record::Monotonic;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::ops::{Index, IndexMut};

/// Slots of the overflow sets, which are always there.
const OVERFLOW: [Reporter; 2] = [Reporter::Source, Reporter::Destination];

#[derive(Debug)]
pub(crate) struct Sets<K, V> {
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    slots: Vec<Option<Set<K, V>>>,
    free: Vec<u32>,
    births: u64,
    /// Connections that got the overflow set for want of room.
    pub(super) folded: u64,
    pub(super) expired: u64,
}

#[derive(Debug)]
pub(crate) struct Set<K, V> {
    key: K,
    /// As [`LabelSet::write`] wrote them: one text for all families.
    labels: Box<[u8]>,
    pub(super) reporter: Reporter,
    pub(super) references: u32,
    pub(super) changed: Monotonic,
    /// How many sets had been before it.
    born: u64,
    pub(super) values: V,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Interned {
    pub(super) at: u32,
    pub(super) is_new: bool,
}

impl<K: LabelSet, V: Default> Sets<K, V> {
    pub(super) fn new() -> Self {
        let mut sets = Self {
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            slots: Vec::new(),
            free: Vec::new(),
            births: 0,
            folded: 0,
            expired: 0,
        };
        for reporter in OVERFLOW {
            // The reference is never released: what has been folded stays.
            sets.intern(K::overflow(reporter), true, 0);
        }
        sets
    }

    /// Finds the set of these labels, or makes it where there is room, and takes a reference on it.
    pub(super) fn intern(&mut self, key: K, has_room: bool, now: Monotonic) -> Interned {
        let hash = self.hasher.hash_one(&key);
        let known = self.index.find(hash, |at| self[*at].key == key).copied();
        let at = match known {
            Some(at) => at,
            None if has_room => self.insert(hash, key, now),
            None => {
                self.folded += 1;
                self.overflow_of(key.edge().reporter)
            }
        };
        self[at].references += 1;
        Interned { at, is_new: known.is_none() && has_room }
    }

    /// Gives a reference back and says whether it was the last.
    pub(super) fn release(&mut self, at: u32) -> bool {
        let set = &mut self[at];
        set.references -= 1;
        set.references == 0
    }

    /// Removes sets without references for which `is_due`, and hands them out.
    pub(super) fn expire(&mut self, mut is_due: impl FnMut(&K, &Set<K, V>) -> bool, mut gone: impl FnMut(V)) {
        for at in 0..self.slots.len() {
            let due = self.slots[at].as_ref().is_some_and(|set| set.references == 0 && is_due(&set.key, set));
            if due && let Some(set) = self.remove(at) {
                self.expired += 1;
                gone(set.values);
            }
        }
    }

    fn insert(&mut self, hash: u64, key: K, now: Monotonic) -> u32 {
        let mut labels = Vec::with_capacity(1024);
        key.write(&mut labels);
        self.births += 1;
        let set = Set {
            reporter: key.edge().reporter,
            key,
            labels: labels.into_boxed_slice(),
            references: 0,
            changed: now,
            born: self.births,
            values: V::default(),
        };
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("a budget of fewer sets than 2^32")
        });
        self.slots[at as usize] = Some(set);
        let Self { index, hasher, slots, .. } = self;
        // No table holds a slot without a set.
        index.insert_unique(hash, at, |at| slots[*at as usize].as_ref().map_or(0, |set| hasher.hash_one(&set.key)));
        at
    }

    fn remove(&mut self, at: usize) -> Option<Set<K, V>> {
        let set = self.slots[at].take()?;
        let at = u32::try_from(at).ok()?;
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(&set.key), |slot| *slot == at) {
            entry.remove();
        }
        self.free.push(at);
        Some(set)
    }
}

impl<K, V> Sets<K, V> {
    /// All, the two overflow sets among them.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn overflow_of(&self, reporter: Reporter) -> u32 {
        match reporter {
            Reporter::Source => 0,
            Reporter::Destination => 1,
        }
    }

    pub(super) fn overflow_mut(&mut self) -> impl Iterator<Item = &mut Set<K, V>> {
        self.slots[..OVERFLOW.len()].iter_mut().flatten()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Set<K, V>> {
        self.slots.iter().flatten()
    }

    /// Sets that have ever been.
    pub(crate) fn births(&self) -> u64 {
        self.births
    }

    /// What stands in this slot and later ones.
    pub(crate) fn since(&self, slot: usize) -> impl Iterator<Item = (usize, &Set<K, V>)> {
        let slots = self.slots.iter().enumerate().skip(slot);
        slots.filter_map(|(at, set)| Some((at, set.as_ref()?)))
    }
}

impl<K, V> Set<K, V> {
    pub(crate) fn labels(&self) -> &[u8] {
        &self.labels
    }

    pub(crate) fn values(&self) -> &V {
        &self.values
    }

    /// Among the first so many sets that have ever been.
    pub(crate) fn was_born_by(&self, births: u64) -> bool {
        self.born <= births
    }
}

impl<K, V> Index<u32> for Sets<K, V> {
    type Output = Set<K, V>;

    fn index(&self, at: u32) -> &Set<K, V> {
        self.slots[at as usize].as_ref().expect("a handle that is held")
    }
}

impl<K, V> IndexMut<u32> for Sets<K, V> {
    fn index_mut(&mut self, at: u32) -> &mut Set<K, V> {
        self.slots[at as usize].as_mut().expect("a handle that is held")
    }
}
