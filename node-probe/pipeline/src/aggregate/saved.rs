//! Label sets as state has them. References, the budget and what a scrape shows follow from the rest.

use super::lifetime::Released;
use super::sets::Sets;
use super::values::{ConnectionValues, Readings, ServiceValues, WorkloadValues};
use super::{Aggregate, Attribution, ConnectionSeries, ServiceSeries, WorkloadSeries};
use crate::labels::SavedLabels;
use crate::record::Monotonic;
use crate::state::{Flaw, Item, SavedCourse, SavedSet, SavedTarget, Shared, Writer};
use hashbrown::HashMap;
use std::borrow::Cow;

/// Which slot a label set has now that was saved in another.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    services: HashMap<u32, u32>,
    workloads: HashMap<u32, u32>,
    connections: HashMap<u32, u32>,
}

impl Aggregate {
    pub(crate) fn save_services(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        save(&self.services, at, to, Item::ServiceSet)
    }

    pub(crate) fn save_workloads(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        save(&self.workloads, at, to, Item::WorkloadSet)
    }

    pub(crate) fn save_connections(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        save(&self.connections, at, to, Item::ConnectionSet)
    }

    pub(crate) fn restore_service(
        &mut self,
        mut saved: SavedSet<'_, u32, ServiceValues>,
        shared: &Shared,
        moved: &mut Moved,
    ) -> Result<(), Flaw> {
        if !saved.values.to_mut().restore() {
            return Err(Flaw::Implausible("figure"));
        }
        let is_overflow = saved.key.is_none();
        let at = restore(&mut self.services, saved, shared, &mut moved.services)?;
        if is_overflow {
            return Ok(());
        }
        let values = &mut self.services[at].values;
        values.charged = match values.known {
            known if known.is_empty() => self.lines.most_of_service,
            known => self.lines.of_service(known.difference(values.refused)),
        };
        self.lines.charge(values.charged);
        Ok(())
    }

    pub(crate) fn restore_workload(
        &mut self,
        saved: SavedSet<'_, SavedTarget, WorkloadValues>,
        shared: &Shared,
        moved: &mut Moved,
    ) -> Result<(), Flaw> {
        if !saved.values.are_plausible() {
            return Err(Flaw::Implausible("figure"));
        }
        if saved.key.is_some() {
            self.lines.charge(self.lines.of_workload);
        }
        restore(&mut self.workloads, saved, shared, &mut moved.workloads).map(|_| ())
    }

    pub(crate) fn restore_connection(
        &mut self,
        saved: SavedSet<'_, SavedCourse, ConnectionValues>,
        shared: &Shared,
        moved: &mut Moved,
    ) -> Result<(), Flaw> {
        if !saved.values.are_plausible() {
            return Err(Flaw::Implausible("figure"));
        }
        restore(&mut self.connections, saved, shared, &mut moved.connections).map(|_| ())
    }

    /// What a saved connection held, and a reference on each.
    pub(crate) fn hold(&mut self, held: Attribution, moved: &Moved) -> Result<Attribution, Flaw> {
        let Attribution { service, workload, connection } = held;
        let find = |slots: &HashMap<u32, u32>, at| slots.get(&at).copied().ok_or(Flaw::Dangling("label set"));
        let service = service.map(|ServiceSeries(at)| find(&moved.services, at)).transpose()?;
        let workload = workload.map(|WorkloadSeries(at)| find(&moved.workloads, at)).transpose()?;
        let connection = connection.map(|ConnectionSeries(at)| find(&moved.connections, at)).transpose()?;
        if let Some(at) = service {
            self.services[at].references += 1;
        }
        if let Some(at) = workload {
            self.workloads[at].references += 1;
        }
        if let Some(at) = connection {
            self.connections[at].references += 1;
        }
        Ok(Attribution {
            service: service.map(ServiceSeries),
            workload: workload.map(WorkloadSeries),
            connection: connection.map(ConnectionSeries),
        })
    }

    /// Everybody who holds a label set does so again. The last values of long connections that nobody holds stay as if the
    /// connections had ended now: who scrapes has not seen them from this process.
    pub(crate) fn restored(&mut self, now: Monotonic) {
        for set in self.connections.iter_mut().filter(|set| set.references == 0) {
            set.values.released = Some(Released::at(now));
        }
        self.publish();
    }
}

/// The set in this slot, or the first one after it.
fn save<'a, K: SavedLabels, V: Clone>(
    sets: &'a Sets<K, V>,
    at: u64,
    to: &mut Writer<'_>,
    item: impl FnOnce(SavedSet<'a, K::Saved, V>) -> Item<'a>,
) -> Option<u64> {
    let (at, set) = sets.since(usize::try_from(at).ok()?).next()?;
    let key = if sets.is_overflow(at) { None } else { set.key().save(to) };
    #[expect(clippy::cast_possible_truncation, reason = "slots are numbered by 32 bits")]
    let slot = at as u32;
    to.write(&item(SavedSet { at: slot, key, changed: set.changed, values: Cow::Borrowed(&set.values) }));
    Some(at as u64 + 1)
}

fn restore<K: SavedLabels, V: Default + Clone + Readings>(
    sets: &mut Sets<K, V>,
    saved: SavedSet<'_, K::Saved, V>,
    shared: &Shared,
    moved: &mut HashMap<u32, u32>,
) -> Result<u32, Flaw> {
    let SavedSet { at: old, key, changed, values } = saved;
    let at = match key {
        Some(key) => sets.restore(K::restore(key, shared)?).ok_or(Flaw::Twice("label set"))?,
        None if sets.is_overflow(old as usize) => old,
        None => return Err(Flaw::Dangling("overflow set")),
    };
    if moved.insert(old, at).is_some() {
        return Err(Flaw::Twice("label set"));
    }
    let set = sets.change(at);
    (set.changed, set.values) = (changed, values.into_owned());
    Ok(at)
}
