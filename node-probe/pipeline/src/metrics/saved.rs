//! The saved form of label sets. References, active connections, the budget and what a scrape shows follow from the rest.

use super::admitted::Admitted;
use super::births::{Birth, Births};
use super::budget::{Accounts, Measure, Payer};
use super::handles::{Kind, SeriesHandle};
use super::scrapes::{SavedScrapes, ScrapeNumber};
use super::sets::{Place, Sets};
use super::values::{ConnectionValues, EnvoyValues, ServiceValues, Values, WorkloadValues};
use super::{SeriesHandles, SeriesStore};
use crate::labels::{ConnectionLabels, Differences, EnvoyLabels, SavedLabels, ServiceLabels, WorkloadLabels};
use crate::record::Monotonic;
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use hashbrown::HashMap;
use longwire_model::series::Metrics;
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

pub(crate) type SavedServices<'a> = SavedSetOf<'a, ServiceLabels, ServiceValues>;
pub(crate) type SavedWorkloads<'a> = SavedSetOf<'a, WorkloadLabels, WorkloadValues>;
pub(crate) type SavedConnections<'a> = SavedSetOf<'a, ConnectionLabels, ConnectionValues>;
pub(crate) type SavedClusters<'a> = SavedSetOf<'a, EnvoyLabels, EnvoyValues>;

type SavedSetOf<'a, K, V> = SavedSet<'a, <K as SavedLabels>::Saved, V>;

/// The new slots of label sets, by their saved slots.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    services: HashMap<u32, u32>,
    workloads: HashMap<u32, u32>,
    connections: HashMap<u32, u32>,
    clusters: HashMap<u32, u32>,
}

impl SeriesStore {
    pub(crate) fn save_scrapes(&self) -> SavedScrapes {
        self.scrapes.save()
    }

    /// Before the label sets, which say when they were first shown.
    pub(crate) fn restore_scrapes(&mut self, saved: SavedScrapes, now: Monotonic) -> Result<(), Flaw> {
        self.scrapes.restore(saved, now)
    }

    pub(crate) fn save_services<'v>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedServices<'v>, u64)> {
        save(&self.services, at, numbers)
    }

    pub(crate) fn save_workloads<'v>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedWorkloads<'v>, u64)> {
        save(&self.workloads, at, numbers)
    }

    pub(crate) fn save_connections<'v>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedConnections<'v>, u64)> {
        save(&self.connections, at, numbers)
    }

    pub(crate) fn save_clusters<'v>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedClusters<'v>, u64)> {
        save(&self.clusters, at, numbers)
    }

    pub(crate) fn restore_service(
        &mut self,
        saved: SavedServices<'_>,
        shared: &Shared,
        moved: &mut Moved,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        let Self { services, accounts, admitted, scrapes, .. } = self;
        restore(services, (accounts, admitted), (saved, scrapes.started(), now), shared, &mut moved.services)
    }

    pub(crate) fn restore_workload(
        &mut self,
        saved: SavedWorkloads<'_>,
        shared: &Shared,
        moved: &mut Moved,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        let Self { workloads, accounts, admitted, scrapes, .. } = self;
        restore(workloads, (accounts, admitted), (saved, scrapes.started(), now), shared, &mut moved.workloads)
    }

    pub(crate) fn restore_connection(
        &mut self,
        saved: SavedConnections<'_>,
        shared: &Shared,
        moved: &mut Moved,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        let Self { connections, accounts, admitted, scrapes, .. } = self;
        restore(connections, (accounts, admitted), (saved, scrapes.started(), now), shared, &mut moved.connections)
    }

    pub(crate) fn restore_cluster(
        &mut self,
        saved: SavedClusters<'_>,
        shared: &Shared,
        moved: &mut Moved,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        let Self { clusters, accounts, admitted, scrapes, .. } = self;
        restore(clusters, (accounts, admitted), (saved, scrapes.started(), now), shared, &mut moved.clusters)
    }

    /// Acquires the saved handles of a connection again, and counts it as active. Handles that cannot be acquired are left out, and the
    /// first flaw of them is returned.
    pub(crate) fn hold(&mut self, saved: &SeriesHandles, moved: &Moved) -> (SeriesHandles, Result<(), Flaw>) {
        let (mut held, mut whole) = (SeriesHandles::default(), Ok(()));
        for handle in saved.handles() {
            let one = match handle.kind() {
                _ if !handle.is_valid() => Err(Flaw::Implausible("handle")),
                Kind::Service => hold(&mut self.services, &moved.services, handle, &mut held),
                Kind::Workload => hold(&mut self.workloads, &moved.workloads, handle, &mut held),
                Kind::Connection => hold(&mut self.connections, &moved.connections, handle, &mut held),
                Kind::Envoy => hold(&mut self.clusters, &moved.clusters, handle, &mut held),
            };
            whole = whole.and(one);
        }
        self.activate(&held);
        (held, whole)
    }

    /// All connections have their handles again. The last values of ended long connections stay as if they had ended now, because no
    /// scraper has seen them from this process. An epoch begins, in which no metric has stood still yet. The source of tags is not
    /// saved: it has the time of an idle set to record into it.
    pub(crate) fn restored(&mut self, now: Monotonic) {
        for set in self.connections.iter_mut().filter(|set| set.references == 0) {
            set.released = Some(now);
        }
        (self.epoch, self.began) = (now, now);
        self.scrapes.restored();
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

/// The set in this slot, or in the first one after it, and the next slot.
fn save<'v, K: SavedLabels, V: Values>(
    sets: &'v Sets<K, V>,
    at: u64,
    numbers: &mut Numbers<'_, 'v>,
) -> Option<(SavedSetOf<'v, K, V>, u64)> {
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

fn restore<K: SavedLabels, V: Values>(
    sets: &mut Sets<K, V>,
    (accounts, admitted): (&mut Accounts, &mut Admitted),
    (saved, started, now): (SavedSet<'_, K::Saved, V>, ScrapeNumber, Monotonic),
    shared: &Shared,
    moved: &mut HashMap<u32, u32>,
) -> Result<(), Flaw> {
    let SavedSet { at: old, key, differences, known, changed, births, values } = saved;
    let mut values = values.into_owned();
    if !values.restore() {
        return Err(Flaw::Implausible("figure"));
    }
    if moved.contains_key(&old) {
        return Err(Flaw::Twice(LABEL_SET));
    }
    let at = match key {
        Some(key) => {
            let (key, differences) = (K::restore(key, shared)?, differences.into_owned().checked()?);
            if known.is_empty() || !known.difference(V::METRICS).is_empty() {
                return Err(Flaw::Implausible("metric"));
            }
            let Place::Nowhere(labels) = sets.find(&key, &differences) else { return Err(Flaw::Twice(LABEL_SET)) };
            let edge = key.edge().clone();
            let payer = Payer::of(&edge);
            admitted.learn(payer.namespace, &differences);
            let (measure, at) = (sets.measure, sets.insert(key, differences, labels, 0));
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
    set.restore_births(Births::restore(&births, started, now));
    set.known = set.known.union(known).intersection(V::METRICS);
    set.recorded = set.known;
    Ok(())
}
