//! Label sets of one kind, in slots that stay where they are while somebody holds them.

use super::values::Readings;
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
    /// Sets with figures that are not yet published. Some are gone, and their slots another's.
    dirty: Vec<u32>,
    /// Sets with lines in a scrape, and those lines.
    shown: usize,
    lines: usize,
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
    is_dirty: bool,
    pub(super) values: V,
    /// What a scrape says: the values when they were last published.
    shown: V,
    /// Of `shown`.
    lines: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Interned {
    pub(super) at: u32,
    pub(super) is_new: bool,
}

impl<K: LabelSet, V: Default + Clone + Readings> Sets<K, V> {
    pub(super) fn new() -> Self {
        let mut sets = Self {
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            slots: Vec::new(),
            free: Vec::new(),
            births: 0,
            dirty: Vec::new(),
            shown: 0,
            lines: 0,
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

    /// Makes a set that was saved, without a reference; `None`: there is one of these labels.
    pub(super) fn restore(&mut self, key: K) -> Option<u32> {
        let hash = self.hasher.hash_one(&key);
        let is_new = self.index.find(hash, |at| self[*at].key == key).is_none();
        is_new.then(|| self.insert(hash, key, 0))
    }

    /// Gives a reference back and says whether it was the last.
    pub(super) fn release(&mut self, at: u32) -> bool {
        let set = &mut self[at];
        set.references -= 1;
        set.references == 0
    }

    /// A scrape shows from now on what is. Only what has changed is looked at.
    pub(super) fn publish(&mut self, mut each: impl FnMut(&mut V)) {
        for at in self.dirty.drain(..) {
            let Some(set) = self.slots[at as usize].as_mut().filter(|set| set.is_dirty) else { continue };
            set.is_dirty = false;
            each(&mut set.values);
            set.shown.clone_from(&set.values);
            self.shown -= usize::from(set.lines != 0);
            self.lines -= set.lines;
            set.lines = set.shown.lines();
            self.shown += usize::from(set.lines != 0);
            self.lines += set.lines;
        }
    }

    /// Removes sets without references for which `is_due`, and hands them out; but none whose last figures nobody could see.
    pub(super) fn expire(&mut self, mut is_due: impl FnMut(&K, &Set<K, V>) -> bool, mut gone: impl FnMut(V)) {
        for at in 0..self.slots.len() {
            let due = self.slots[at]
                .as_ref()
                .is_some_and(|set| set.references == 0 && !set.is_dirty && is_due(&set.key, set));
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
            is_dirty: false,
            values: V::default(),
            shown: V::default(),
            lines: 0,
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
        self.shown -= usize::from(set.lines != 0);
        self.lines -= set.lines;
        Some(set)
    }
}

impl<K, V> Sets<K, V> {
    /// A set whose figures change.
    pub(super) fn change(&mut self, at: u32) -> &mut Set<K, V> {
        let Self { slots, dirty, .. } = self;
        let set = slots[at as usize].as_mut().expect("a handle that is held");
        if !set.is_dirty {
            set.is_dirty = true;
            dirty.push(at);
        }
        set
    }

    /// Sets with lines in a scrape, and those lines.
    pub(super) fn shown(&self) -> (usize, usize) {
        (self.shown, self.lines)
    }

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

    pub(super) fn is_overflow(&self, slot: usize) -> bool {
        slot < OVERFLOW.len()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Set<K, V>> {
        self.slots.iter_mut().flatten()
    }

    pub(super) fn overflow_mut(&mut self) -> impl Iterator<Item = &mut Set<K, V>> {
        self.slots[..OVERFLOW.len()].iter_mut().flatten()
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
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    pub(crate) fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// As they were last published.
    pub(crate) fn shown(&self) -> &V {
        &self.shown
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
