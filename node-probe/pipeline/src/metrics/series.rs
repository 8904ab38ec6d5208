//! What encoders read: the series of a family, as they were last published.

use super::SeriesStore;
use super::births::{Births, Lines};
use super::kinds::{KnownLabels, of_kind};
use super::sets::{Set, Sets};
use super::snapshots::View;
use super::values::{Reading, Values};
use crate::labels::LabelSet;
use crate::record::Monotonic;
use longwire_model::series::{Family, LabelKind, Metric};
use std::fmt::{self, Debug};
use std::ops::ControlFlow;

/// One label set, and its values in one family.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    id: LabelSetId,
    labels: &'a dyn Labelled,
    reading: Reading<'a>,
    births: &'a Births,
}

/// Names a label set, so that an encoder can keep what it has written of it. Another one in the same slot has another birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LabelSetId {
    pub kind: LabelKind,
    /// Slots are few and used again.
    pub slot: usize,
    pub birth: u64,
}

trait Labelled: Debug {
    fn pairs(&self, to: &mut dyn FnMut(&str, &str));
}

impl<K: LabelSet, V: Values> Labelled for Set<K, V> {
    fn pairs(&self, to: &mut dyn FnMut(&str, &str)) {
        self.key().pairs(self.differences(), to);
    }
}

/// Called with each label set that is removed.
#[derive(Default)]
pub(super) struct Removed(Option<Box<dyn FnMut(LabelSetId) + Send>>);

impl Removed {
    pub(super) fn to(forget: impl FnMut(LabelSetId) + Send + 'static) -> Self {
        Self(Some(Box::new(forget)))
    }

    pub(super) fn notify(&mut self, id: LabelSetId) {
        if let Some(forget) = &mut self.0 {
            forget(id);
        }
    }
}

impl Debug for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Removed").field(&self.0.is_some()).finish()
    }
}

impl<'a> Series<'a> {
    #[must_use]
    pub fn id(&self) -> LabelSetId {
        self.id
    }

    /// Passes each label on with its value.
    pub fn pairs(&self, to: &mut dyn FnMut(&str, &str)) {
        self.labels.pairs(to);
    }

    #[must_use]
    pub fn reading(&self) -> Reading<'a> {
        self.reading
    }

    /// Lines that this view is to see at 0.
    #[must_use]
    pub fn unseen(&self, view: &View) -> Lines {
        self.births.unseen(view)
    }

    /// When a line was first shown.
    pub fn born(&self, is_of: impl Fn(Lines) -> bool) -> Option<Monotonic> {
        self.births.at(is_of)
    }
}

impl SeriesStore {
    /// Label sets of the family's kind that have ever been.
    #[must_use]
    pub fn births(&self, family: &Family) -> u64 {
        of_kind!(&self.kinds, family.set.label_kind(), |sets| sets.births())
    }

    /// Passes on the series of a family that have lines, with their slots, from this slot on, until `to` breaks. Those of later label
    /// sets than the first `births` are left out.
    pub fn read(
        &self,
        family: &Family,
        (slot, births): (usize, u64),
        to: impl FnMut(usize, Series<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        of_kind!(&self.kinds, family.set.label_kind(), |sets| read(sets, family.metric, (slot, births), to))
    }
}

fn read<K: KnownLabels>(
    sets: &Sets<K, K::Values>,
    metric: Metric,
    (slot, births): (usize, u64),
    mut to: impl FnMut(usize, Series<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for (slot, set) in sets.since(slot) {
        let reading = set.shown().read(metric);
        if reading.lines() != 0 && set.was_born_by(births) {
            let id = LabelSetId { kind: K::KIND, slot, birth: set.born() };
            to(slot, Series { id, labels: set, reading, births: set.births() })?;
        }
    }
    ControlFlow::Continue(())
}
