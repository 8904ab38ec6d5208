//! EndpointSlices, as far as their namespace has room for them. Of one without room only its Service is kept: it has no
//! endpoints.

use super::slice_budget::{Settled, SliceBudget};
use super::{Index, Stale};
use crate::index::warning::{On, Warning};
use crate::source::object::{EndpointSlice, Name};
use longwire_crds::status::reason;
use longwire_model::limits::MAX_NAMESPACE_SLICE_BYTES;
use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::Arc;

#[cfg(test)]
mod tests;

#[derive(Debug, Default)]
pub(super) struct Slices {
    all: BTreeMap<Name, Arc<EndpointSlice>>,
    /// By namespace.
    budgets: HashMap<String, SliceBudget>,
    refused: usize,
    /// A slice has room again, but its endpoints were not kept.
    forgotten: bool,
    warnings: Vec<Warning>,
}

/// A slice as it was and as it is.
type Change = (Option<Arc<EndpointSlice>>, Option<Arc<EndpointSlice>>);

impl Slices {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Arc<EndpointSlice>> {
        self.all.values()
    }

    pub(super) fn get(&self, name: &Name) -> Option<&Arc<EndpointSlice>> {
        self.all.get(name)
    }

    /// Takes a slice in. Returned are those that lead elsewhere now.
    fn put(&mut self, name: &Name, slice: Option<&Arc<EndpointSlice>>) -> Vec<Change> {
        let former = self.all.remove(name);
        let budget = self.budgets.entry(name.namespace.clone()).or_default();
        let refused = budget.refused();
        let rank = slice.map(|slice| SliceBudget::rank(slice));
        if let Some(former) =
            former.as_ref().map(|former| SliceBudget::rank(former)).filter(|former| rank.as_ref() != Some(former))
        {
            self.forgotten |= budget.remove(&former);
        }
        let mut changes = Vec::new();
        if let Some((slice, rank)) = slice.zip(rank) {
            let Settled { lost, won } = budget.put(&rank, slice.bytes());
            self.forgotten |= won;
            let has_room = budget.has_room(&rank);
            let slice = if has_room { Arc::clone(slice) } else { Arc::new(slice.without_room()) };
            self.all.insert(name.clone(), Arc::clone(&slice));
            changes.push((former, Some(slice)));
            for (_, lost) in lost {
                let held = self.all.get_mut(&Name::new(&name.namespace, &lost));
                changes.extend(held.map(|held| {
                    let without_room = Arc::new(held.without_room());
                    (Some(mem::replace(held, Arc::clone(&without_room))), Some(without_room))
                }));
            }
        } else {
            changes.push((former, None));
        }
        if refused == 0 && budget.refused() > 0 {
            let left_out = changes
                .iter()
                .filter_map(|(_, now)| now.as_ref())
                .find(|now| !budget.has_room(&SliceBudget::rank(now)));
            self.warnings.extend(left_out.map(|slice| warning(slice)));
        }
        self.refused = self.refused - refused + budget.refused();
        if budget.is_empty() {
            self.budgets.remove(&name.namespace);
        }
        changes
    }
}

/// One for all of the namespace: they may be thousands.
fn warning(slice: &EndpointSlice) -> Warning {
    let Name { namespace, name } = slice.name.clone();
    let note = format!(
        "the EndpointSlices of namespace {namespace} take more than the {MAX_NAMESPACE_SLICE_BYTES} bytes of memory that a \
         namespace may have: the youngest lead nowhere, and their pods are not named by their Services; delete those that are \
         written by hand, or spread the Services over several namespaces"
    );
    Warning {
        on: On::EndpointSlice,
        namespace,
        name,
        uid: slice.uid.clone(),
        reason: reason::NAMESPACE_BUDGET_EXCEEDED,
        note,
        occasion: String::new(),
    }
}

impl Index {
    /// EndpointSlices that found no room.
    #[must_use]
    pub fn slices_refused(&self) -> usize {
        self.slices.refused
    }

    /// Whether the source must send the EndpointSlices again, once.
    pub(crate) fn take_slices_forgotten(&mut self) -> bool {
        mem::take(&mut self.slices.forgotten)
    }

    /// Warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        let mut warnings = mem::take(&mut self.slices.warnings);
        warnings.append(&mut self.warnings);
        warnings
    }

    pub(super) fn set_slice(&mut self, name: &Name, slice: Option<&Arc<EndpointSlice>>, stale: &mut Stale) {
        for (former, now) in self.slices.put(name, slice) {
            if former != now {
                self.replace_slice(former.as_deref(), now.as_deref(), stale);
            }
        }
    }

    fn replace_slice(&mut self, former: Option<&EndpointSlice>, now: Option<&EndpointSlice>, stale: &mut Stale) {
        let both = former.into_iter().chain(now);
        let addressed = both.clone().filter(|slice| slice.names_addresses());
        stale.services.extend(addressed.map(|slice| slice.service.clone()));
        let services: BTreeMap<Name, bool> =
            both.map(|slice| (slice.service.clone(), self.is_sliced(&slice.service))).collect();
        if let Some(former) = former {
            stale.pods.extend(self.pods_behind(former));
            self.unlink_slice(former);
        }
        if let Some(now) = now {
            self.link_slice(now);
            stale.pods.extend(self.pods_behind(now));
        }
        // The first slice replaces the selector, and the removal of the last one restores it.
        for (service, was) in services {
            if self.is_sliced(&service) != was {
                self.note_unsliced(&service);
                if let Some(known) = self.services.get(&service) {
                    stale.pods.extend(self.pods_selected_by(known).cloned());
                }
            }
        }
    }
}
