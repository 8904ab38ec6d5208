//! The saved form of label sets. References, active connections, the budget and what a scrape shows follow from the rest.

use super::admitted::Admitted;
use super::births::{Birth, Births};
use super::budget::{Accounts, Measure, Payer};
use super::handles::SeriesHandle;
use super::kinds::{KnownLabels, of_kind};
use super::sets::{Place, Sets};
use super::snapshots::{SavedSnapshots, SnapshotNumber};
use super::values::Values;
use super::{SeriesHandles, SeriesStore};
use crate::labels::{Differences, SavedLabels};
use crate::record::Monotonic;
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use hashbrown::HashMap;
use longwire_model::series::{LabelKind, Metrics};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The name of a label set in flaws.
pub(crate) const LABEL_SET: &str = "label set";

/// A label set in its slot. `K`: the saved form of its labels.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedSet<'a, K, V: Clone> {
    at: u32,
    /// `None`: overflow's.
    key: Option<K>,
    differences: Cow<'a, Differences>,
    known: Metrics,
    changed: Monotonic,
    /// Of lines that were shown. Other lines with values were not.
    births: Cow<'a, [Birth]>,
    values: Cow<'a, V>,
}

pub(crate) type SavedSetOf<'a, K> = SavedSet<'a, <K as SavedLabels>::Saved, <K as KnownLabels>::Values>;

/// The new slots of label sets, by kind and saved slot.
#[derive(Debug, Default)]
pub(crate) struct Moved([HashMap<u32, u32>; LabelKind::ALL.len()]);

/// What label sets are restored with.
#[derive(Debug)]
pub(crate) struct Restoring<'a> {
    pub(crate) shared: &'a Shared,
    /// Of the state.
    pub(crate) version: u32,
    pub(crate) now: Monotonic,
}

impl SeriesStore {
    pub(crate) fn save_snapshots(&self) -> SavedSnapshots {
        self.snapshots.save()
    }

    /// Before the label sets, which say when they were first shown.
    pub(crate) fn restore_snapshots(&mut self, saved: SavedSnapshots, now: Monotonic) -> Result<(), Flaw> {
        self.snapshots.restore(saved, now)
    }

    /// The set of this kind in this slot, or in the first one after it, and the next slot.
    pub(crate) fn save_set<'v, K: KnownLabels>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedSetOf<'v, K>, u64)> {
        save(K::sets(&self.kinds), at, numbers)
    }

    pub(crate) fn restore_set<K: KnownLabels>(
        &mut self,
        saved: SavedSetOf<'_, K>,
        with: &Restoring<'_>,
        moved: &mut Moved,
    ) -> Result<(), Flaw> {
        let Self { kinds, accounts, admitted, snapshots, .. } = self;
        let moved = &mut moved.0[K::KIND as usize];
        restore(K::sets_mut(kinds), (accounts, admitted), (saved, snapshots.opened()), with, moved)
    }

    /// Acquires the saved handles of a connection again, and counts it as active. Handles that cannot be acquired are left out, and the
    /// first flaw of them is returned.
    pub(crate) fn hold(&mut self, saved: &SeriesHandles, moved: &Moved) -> (SeriesHandles, Result<(), Flaw>) {
        let (mut held, mut whole) = (SeriesHandles::default(), Ok(()));
        for handle in saved.handles() {
            let kind = handle.kind();
            let one = if handle.is_valid() {
                of_kind!(&mut self.kinds, kind, |sets| hold(sets, &moved.0[kind as usize], handle, &mut held))
            } else {
                Err(Flaw::Implausible("handle"))
            };
            whole = whole.and(one);
        }
        self.activate(&held);
        (held, whole)
    }

    /// All connections have their handles again. The last values of ended long connections stay as if they had ended now, because no
    /// consumer has seen them from this process. An epoch begins, in which no metric has stood still yet. The source of tags is not
    /// saved: it has the time of an idle set to record into it.
    pub(crate) fn restored(&mut self, now: Monotonic) {
        for set in self.kinds.connections.iter_mut().filter(|set| set.references == 0) {
            set.released = Some(now);
        }
        (self.epoch, self.began) = (now, now);
        self.snapshots.restored();
        self.publish();
    }
}

fn hold<K, V>(
    sets: &mut Sets<K, V>,
    moved: &HashMap<u32, u32>,
    handle: SeriesHandle,
    held: &mut SeriesHandles,
) -> Result<(), Flaw> {
    let at = *moved.get(&handle.at).ok_or(Flaw::Dangling(LABEL_SET))?;
    let set = sets.get_mut(at).ok_or(Flaw::Dangling(LABEL_SET))?;
    if !handle.metrics.difference(set.known).is_empty() {
        return Err(Flaw::Implausible("metric that its label set lacks"));
    }
    if !held.push(SeriesHandle { at, metrics: handle.metrics }) {
        set.references += 1;
    }
    Ok(())
}

fn save<'v, K: KnownLabels>(
    sets: &'v Sets<K, K::Values>,
    at: u64,
    numbers: &mut Numbers<'_, 'v>,
) -> Option<(SavedSetOf<'v, K>, u64)> {
    let (at, set) = sets.since(usize::try_from(at).ok()?).next()?;
    let key = if set.is_overflow { None } else { set.key().save(numbers) };
    #[expect(clippy::cast_possible_truncation, reason = "slots are numbered by 32 bits")]
    let slot = at as u32;
    let saved = SavedSet {
        at: slot,
        key,
        differences: Cow::Borrowed(set.differences()),
        known: set.known,
        changed: set.changed,
        births: Cow::Borrowed(set.births().saved()),
        values: Cow::Borrowed(&set.values),
    };
    Some((saved, at as u64 + 1))
}

fn restore<K: KnownLabels>(
    sets: &mut Sets<K, K::Values>,
    (accounts, admitted): (&mut Accounts, &mut Admitted),
    (saved, opened): (SavedSetOf<'_, K>, SnapshotNumber),
    &Restoring { shared, version, now }: &Restoring<'_>,
    moved: &mut HashMap<u32, u32>,
) -> Result<(), Flaw> {
    let SavedSet { at: old, key, differences, known, changed, births, values } = saved;
    let mut values = values.into_owned();
    if !values.restore(version) {
        return Err(Flaw::Implausible("counter"));
    }
    if moved.contains_key(&old) {
        return Err(Flaw::Twice(LABEL_SET));
    }
    let at = match key {
        Some(key) => {
            let (key, differences) = (K::restore(key, shared)?, differences.into_owned().checked()?);
            if known.is_empty() || !known.difference(K::Values::METRICS).is_empty() {
                return Err(Flaw::Implausible("metric"));
            }
            let Place::Nowhere(fingerprint) = sets.find(&key, &differences) else { return Err(Flaw::Twice(LABEL_SET)) };
            let edge = key.edge().clone();
            let payer = Payer::of(&edge);
            admitted.learn(payer.namespace, &differences);
            let (measure, at) = (sets.measure, sets.insert(key, differences, fingerprint, 0));
            sets[at].charged = if measure == Measure::Lines { values.lines() } else { 0 };
            accounts.charge_existing(Some(payer), sets[at].cost(measure));
            at
        }
        None if sets.is_overflow(old as usize) => old,
        None if !differences.is_empty() => {
            let differences = differences.into_owned().checked()?;
            sets.restore_overflow(differences, accounts).ok_or(Flaw::Implausible("overflow set"))?
        }
        None => return Err(Flaw::Dangling("overflow set")),
    };
    moved.insert(old, at);
    let set = sets.change(at);
    (set.changed, set.values) = (changed, values);
    set.restore_births(Births::restore(&births, opened, now));
    set.known = set.known.union(known).intersection(K::Values::METRICS);
    set.recorded = set.known;
    Ok(())
}
