//! Label sets of one kind, in slots that stay where they are while there are handles of them.

use super::births::{Births, Lines};
use super::budget::Measure;
use super::kinds::KnownLabels;
use super::lifetime::TagSource;
use super::overflow::Overflow;
use super::snapshots::SnapshotNumber;
use super::values::Values;
use crate::labels::{Differences, LabelSet, LabelText};
use crate::observation::Reporter;
use crate::record::Monotonic;
use hashbrown::{DefaultHashBuilder, HashTable};
use longwire_model::series::Metrics;
use std::hash::BuildHasher;
use std::ops::{Index, IndexMut};

#[derive(Debug)]
pub(crate) struct Sets<K, V> {
    /// Label sets without differences, by what they are made of, so that no text is built to find one.
    plain: HashTable<u32>,
    /// All label sets by what they read: no two read the same, whatever they were made of.
    by_text: HashTable<u32>,
    hasher: DefaultHashBuilder,
    pub(super) measure: Measure,
    /// In the first slots are the overflow sets, which are always there.
    reporters: &'static [Reporter],
    slots: Vec<Option<Set<K, V>>>,
    free: Vec<u32>,
    births: u64,
    /// Sets with values that are not yet published. Some are gone, and their slots another's.
    dirty: Vec<u32>,
    /// Sets with lines in a scrape, and those lines.
    shown: usize,
    lines: usize,
    /// Overflow sets of namespaces.
    pub(super) overflows: Vec<(Overflow, u32)>,
    /// Connections that got an overflow set because the node had no room.
    pub(super) overflowed: u64,
    pub(super) expired: u64,
}

/// The fields that every sample touches stand first, side by side, because sets lie far from one another in memory.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Set<K, V> {
    is_dirty: bool,
    /// Of the node or of a namespace.
    pub(super) is_overflow: bool,
    /// When it was last settled, there was no room for lines that had appeared later than others.
    pub(super) has_overflowed_late: bool,
    pub(super) references: u32,
    pub(super) changed: Monotonic,
    /// The metrics that connections have acquired.
    pub(super) known: Metrics,
    /// Those that were recorded since the last turn of an epoch; none: the label set was idle.
    pub(super) recorded: Metrics,
    pub(super) values: V,
    /// The values that a scrape shows: those that were last published.
    shown: V,
    /// Of `shown`.
    lines: usize,
    /// The latest snapshot that had been opened when its values were last published. It may have passed the set's lines before that.
    pub(super) published: SnapshotNumber,
    births: Births,
    pub(super) fingerprint: Fingerprint,
    /// Of the connection that came first.
    key: K,
    differences: Differences,
    /// Of a long connection's set: when its last handle was released.
    pub(super) released: Option<Monotonic>,
    /// Of a set with differences: the source of the latest handle. `None`: none since this process began.
    pub(super) tag_source: Option<TagSource>,
    /// Sets that were made before it.
    born: u64,
    /// Lines, where these are charged.
    pub(super) charged: usize,
}

/// Of the labels of a set. The text is built again where two sets are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprint {
    pub(super) hash: u64,
    /// That they take in an encoder.
    pub(super) bytes: usize,
}

/// Where a label set is.
#[derive(Debug)]
pub(super) enum Place {
    At(u32),
    /// The fingerprint of its labels, if that was needed.
    Nowhere(Option<Fingerprint>),
}

impl<K: KnownLabels<Values = V>, V: Values> Sets<K, V> {
    pub(super) fn new() -> Self {
        let mut sets = Self {
            plain: HashTable::new(),
            by_text: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            measure: K::MEASURE,
            reporters: K::REPORTERS,
            slots: Vec::new(),
            free: Vec::new(),
            births: 0,
            dirty: Vec::new(),
            shown: 0,
            lines: 0,
            overflows: Vec::new(),
            overflowed: 0,
            expired: 0,
        };
        for reporter in K::REPORTERS {
            let at = sets.insert(K::overflow(*reporter), Differences::default(), None, 0);
            // The reference is never released: overflow sets stay.
            sets[at].references = 1;
            sets[at].known = V::METRICS;
            sets[at].is_overflow = true;
        }
        sets
    }
}

impl<K: LabelSet, V: Values> Sets<K, V> {
    /// Finds the set of these labels.
    pub(super) fn find(&self, key: &K, differences: &Differences) -> Place {
        if differences.is_empty() {
            if let Some(at) = self.plain.find(self.hasher.hash_one(key), |at| self[*at].key == *key) {
                return Place::At(*at);
            }
            if self.plain.len() == self.by_text.len() {
                return Place::Nowhere(None);
            }
        }
        let text = LabelText::of(key, differences);
        let fingerprint = self.fingerprint_of(&text);
        let alike = self.by_text.find(fingerprint.hash, |at| {
            let set = &self[*at];
            set.fingerprint.hash == fingerprint.hash && text.is_of(&set.key, &set.differences)
        });
        alike.map_or(Place::Nowhere(Some(fingerprint)), |at| Place::At(*at))
    }

    pub(super) fn fingerprint(&self, key: &K, differences: &Differences) -> Fingerprint {
        self.fingerprint_of(&LabelText::of(key, differences))
    }

    fn fingerprint_of(&self, text: &LabelText) -> Fingerprint {
        Fingerprint { hash: self.hasher.hash_one(text), bytes: text.encoded() }
    }

    /// Makes a set that [`Sets::find`] did not find, without a reference. `fingerprint`: of its labels, if that is known.
    pub(super) fn insert(
        &mut self,
        key: K,
        differences: Differences,
        fingerprint: Option<Fingerprint>,
        now: Monotonic,
    ) -> u32 {
        let fingerprint = fingerprint.unwrap_or_else(|| self.fingerprint(&key, &differences));
        let plain = self.hasher.hash_one(&key);
        let is_plain = differences.is_empty();
        self.births += 1;
        let set = Set {
            key,
            differences,
            fingerprint,
            references: 0,
            changed: now,
            known: Metrics::NONE,
            recorded: Metrics::NONE,
            released: None,
            tag_source: None,
            born: self.births,
            births: Births::default(),
            published: SnapshotNumber::default(),
            is_dirty: false,
            is_overflow: false,
            has_overflowed_late: false,
            charged: 0,
            values: V::default(),
            shown: V::default(),
            lines: 0,
        };
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("a budget of fewer sets than 2^32")
        });
        self.slots[at as usize] = Some(set);
        let Self { plain: by_key, by_text, hasher, slots, .. } = self;
        // No table holds a slot without a set.
        let set = |at: &u32| slots[*at as usize].as_ref();
        if is_plain {
            by_key.insert_unique(plain, at, |at| set(at).map_or(0, |set| hasher.hash_one(&set.key)));
        }
        by_text.insert_unique(fingerprint.hash, at, |at| set(at).map_or(0, |set| set.fingerprint.hash));
        at
    }

    /// Gives a reference back. A long connection's last one is its end.
    pub(super) fn release(&mut self, at: u32, now: Monotonic) {
        let set = &mut self[at];
        set.references -= 1;
        if set.references == 0 && self.measure == Measure::Sets {
            self.change(at).released = Some(now);
        }
    }

    /// Snapshots show the current values from now on. `latest` is the last snapshot that was opened, at `clock`. Only changed sets are
    /// visited.
    pub(super) fn publish(&mut self, (latest, clock): (SnapshotNumber, Monotonic)) {
        for at in self.dirty.drain(..) {
            let Some(set) = self.slots[at as usize].as_mut().filter(|set| set.is_dirty) else { continue };
            set.is_dirty = false;
            set.published = latest;
            set.shown.clone_from(&set.values);
            set.births.show(set.shown.present(), latest, set.changed.max(clock));
            self.shown -= usize::from(set.lines != 0);
            self.lines -= set.lines;
            set.lines = set.shown.lines();
            self.shown += usize::from(set.lines != 0);
            self.lines += set.lines;
        }
    }

    /// Removes sets without references for which `is_due`, and passes them on with their slots. A set whose last values are not
    /// published yet stays.
    pub(super) fn expire(
        &mut self,
        mut is_due: impl FnMut(&K, &Set<K, V>) -> bool,
        mut gone: impl FnMut(usize, Set<K, V>),
    ) {
        for at in 0..self.slots.len() {
            let due = self.slots[at]
                .as_ref()
                .is_some_and(|set| set.references == 0 && !set.is_dirty && is_due(&set.key, set));
            if due && let Some(set) = self.remove(at) {
                self.expired += 1;
                gone(at, set);
            }
        }
    }

    fn remove(&mut self, at: usize) -> Option<Set<K, V>> {
        let set = self.slots[at].take()?;
        let at = u32::try_from(at).ok()?;
        if let Ok(entry) = self.plain.find_entry(self.hasher.hash_one(&set.key), |slot| *slot == at) {
            entry.remove();
        }
        if let Ok(entry) = self.by_text.find_entry(set.fingerprint.hash, |slot| *slot == at) {
            entry.remove();
        }
        if set.is_overflow {
            self.overflows.retain(|(_, overflow)| *overflow != at);
        }
        self.free.push(at);
        self.shown -= usize::from(set.lines != 0);
        self.lines -= set.lines;
        Some(set)
    }
}

impl<K, V> Sets<K, V> {
    /// A set whose values change.
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

    pub(super) fn overflow_of(&self, reporter: Reporter) -> u32 {
        let at = self.reporters.iter().position(|with_set| *with_set == reporter);
        #[expect(clippy::cast_possible_truncation, reason = "one or two")]
        let at = at.unwrap_or_default() as u32;
        at
    }

    /// Of the node.
    pub(super) fn is_overflow(&self, slot: usize) -> bool {
        slot < self.reporters.len()
    }

    /// Sets that have changed since they were last published, those of overflow left out; one may come twice.
    pub(super) fn each_changed(&mut self, mut look: impl FnMut(u32, &mut Set<K, V>)) {
        let Self { dirty, slots, .. } = self;
        for at in dirty {
            let set = slots[*at as usize].as_mut();
            if let Some(set) = set.filter(|set| set.is_dirty && !set.is_overflow) {
                look(*at, set);
            }
        }
    }

    /// The set of a handle that may be invalid.
    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Set<K, V>> {
        self.slots.get_mut(at as usize)?.as_mut()
    }

    /// Slots with a set of their own in them, those of overflow left out.
    pub(super) fn own(&self) -> impl Iterator<Item = (u32, &Set<K, V>)> {
        let slots = (0..).zip(&self.slots).filter_map(|(at, set)| Some((at, set.as_ref()?)));
        slots.filter(|(_, set)| !set.is_overflow)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Set<K, V>> {
        self.slots.iter_mut().flatten()
    }

    /// Sets that have ever been.
    pub(crate) fn births(&self) -> u64 {
        self.births
    }

    /// The sets in this slot and later ones.
    pub(crate) fn since(&self, slot: usize) -> impl Iterator<Item = (usize, &Set<K, V>)> {
        let slots = self.slots.iter().enumerate().skip(slot);
        slots.filter_map(|(at, set)| Some((at, set.as_ref()?)))
    }
}

impl<K: LabelSet, V: Values> Set<K, V> {
    /// Lines that appeared later than its counters, and are not shown yet.
    pub(super) fn take_late(&mut self) -> V {
        self.values.take_late(&self.shown)
    }
}

impl<K, V> Set<K, V> {
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    pub(super) fn differences(&self) -> &Differences {
        &self.differences
    }

    /// Sets that were made before it: with its slot, what identifies it.
    pub(super) fn born(&self) -> u64 {
        self.born
    }

    /// As they were last published.
    pub(crate) fn shown(&self) -> &V {
        &self.shown
    }

    /// When what is shown was first shown.
    pub(crate) fn births(&self) -> &Births {
        &self.births
    }

    /// When these come again, they are born again.
    pub(super) fn forget_births(&mut self, metrics: Metrics) {
        self.births.forget(Lines::every(metrics));
    }

    pub(super) fn restore_births(&mut self, births: Births) {
        self.births = births;
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
