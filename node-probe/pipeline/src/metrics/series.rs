//! What encoders read: the series of a family, as they were last published.

use super::SeriesStore;
use super::births::{Births, Lines};
use super::scrapes::View;
use super::sets::{Set, Sets};
use super::values::{Reading, Values};
use crate::labels::LabelSet;
use crate::record::Monotonic;
use longwire_model::series::{Family, Metric, SeriesSet};
use std::fmt::Debug;
use std::ops::ControlFlow;

/// One label set, and its values in one family.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    labels: &'a dyn Labelled,
    text: &'a [u8],
    reading: Reading<'a>,
    births: &'a Births,
}

trait Labelled: Debug {
    fn pairs(&self, to: &mut dyn FnMut(&str, &str));
}

impl<K: LabelSet, V: Values> Labelled for Set<K, V> {
    fn pairs(&self, to: &mut dyn FnMut(&str, &str)) {
        self.key().pairs(self.differences(), to);
    }
}

impl<'a> Series<'a> {
    /// Passes each label on with its value.
    pub fn pairs(&self, to: &mut dyn FnMut(&str, &str)) {
        self.labels.pairs(to);
    }

    /// `{name="value",...` without the closing brace, as the text formats have it: written once for all families and scrapes.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.text
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
        match family.set {
            SeriesSet::Istio | SeriesSet::Longwire => self.services.births(),
            SeriesSet::KmeshWorkload => self.workloads.births(),
            SeriesSet::KmeshConnection => self.connections.births(),
            SeriesSet::Envoy => self.clusters.births(),
        }
    }

    /// Passes on the series of a family that have lines, with their slots, from this slot on, until `to` breaks. Those of later label
    /// sets than the first `births` are left out.
    pub fn read(
        &self,
        family: &Family,
        (slot, births): (usize, u64),
        to: impl FnMut(usize, Series<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match family.set {
            SeriesSet::Istio | SeriesSet::Longwire => read(&self.services, family.metric, (slot, births), to),
            SeriesSet::KmeshWorkload => read(&self.workloads, family.metric, (slot, births), to),
            SeriesSet::KmeshConnection => read(&self.connections, family.metric, (slot, births), to),
            SeriesSet::Envoy => read(&self.clusters, family.metric, (slot, births), to),
        }
    }
}

fn read<K: LabelSet, V: Values>(
    sets: &Sets<K, V>,
    metric: Metric,
    (slot, births): (usize, u64),
    mut to: impl FnMut(usize, Series<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for (slot, set) in sets.since(slot) {
        let reading = set.shown().read(metric);
        if reading.lines() != 0 && set.was_born_by(births) {
            to(slot, Series { labels: set, text: set.labels(), reading, births: set.births() })?;
        }
    }
    ControlFlow::Continue(())
}
