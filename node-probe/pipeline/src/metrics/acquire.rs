//! A connection acquires handles of the series that it records into.

use super::admitted::Admitted;
use super::budget::{Accounts, Amount, Measure, Payer, lines_at_once};
use super::handles::{Kind, SeriesHandle};
use super::lifetime::TagSource;
use super::sets::{Place, Sets, written};
use super::values::{ConnectionValues, Values};
use super::{SeriesHandles, SeriesStore};
use crate::labels::{ConnectionLabels, Differences, EnvoyLabels, LabelSet, ServiceLabels, WorkloadLabels};
use crate::observation::{EdgeRef, Flow};
use crate::record::Monotonic;
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::Metrics;

/// Bytes of a long connection's labels.
const TYPICAL_LABEL_BYTES: usize = 1_024;

/// Metrics to record into. Their labels are those of the table, except for the differences.
#[derive(Clone, Debug)]
pub(crate) struct SeriesSpec {
    pub(crate) metrics: Metrics,
    pub(crate) differences: Differences,
    /// The pods that the differences come from, where there are any.
    pub(crate) tag_source: Option<TagSource>,
}

impl SeriesStore {
    /// Handles of an edge's series, with one reference on them. Series without room are replaced by those of the overflow set.
    pub(crate) fn acquire_service<'e>(
        &mut self,
        edge: impl Into<EdgeRef<'e>>,
        spec: SeriesSpec,
        now: Monotonic,
        held: &mut SeriesHandles,
    ) {
        let Self { services, accounts, admitted, .. } = self;
        acquire(services, accounts, admitted, (ServiceLabels(edge.into().into()), spec), now, held);
    }

    /// Handles of the series of a source workload and a destination pod, or of overflow.
    pub(crate) fn acquire_workload(&mut self, flow: &Flow, spec: SeriesSpec, now: Monotonic, held: &mut SeriesHandles) {
        let Self { workloads, accounts, admitted, .. } = self;
        acquire(workloads, accounts, admitted, (WorkloadLabels::of(flow), spec), now, held);
    }

    /// Handles of a long connection's series, or of overflow.
    pub(crate) fn acquire_connection(
        &mut self,
        flow: &Flow,
        spec: SeriesSpec,
        now: Monotonic,
        held: &mut SeriesHandles,
    ) {
        let Self { connections, accounts, admitted, .. } = self;
        acquire(connections, accounts, admitted, (ConnectionLabels::of(flow), spec), now, held);
    }

    /// Handles of the statistics of a pod and a cluster that the pod's matcher accepts, or of overflow.
    /// `telemetry` differs whenever the matcher does.
    pub(crate) fn acquire_cluster(
        &mut self,
        labels: EnvoyLabels,
        (telemetry, matcher): (u64, &StatsMatcher),
        now: Monotonic,
        held: &mut SeriesHandles,
    ) {
        let Self { clusters, accounts, admitted, accepted, .. } = self;
        let metrics = accepted.of(&labels, telemetry, matcher);
        acquire(
            clusters,
            accounts,
            admitted,
            (labels, SeriesSpec { metrics, differences: Differences::default(), tag_source: None }),
            now,
            held,
        );
    }
}

impl SeriesStore {
    /// How many long connections could get series of their own within the node's budget.
    pub(crate) fn long_room(&self) -> usize {
        self.accounts.long_room(typical_long_bytes())
    }

    /// Whether one of this edge could, unless its labels are uncommonly long.
    pub(crate) fn has_room_for_long<'e>(&self, edge: impl Into<EdgeRef<'e>>) -> bool {
        self.accounts.has_room(Payer::of(edge), Amount { lines: 0, connections: 1, bytes: typical_long_bytes() })
    }

    /// Whether a long connection records into the overflow set.
    pub(crate) fn is_overflowed(&self, held: &SeriesHandles) -> bool {
        held.handles().any(|handle| handle.kind() == Kind::Connection && self.connections[handle.at].is_overflow)
    }
}

/// Bytes of a long connection's label set, unless its labels are uncommonly long.
fn typical_long_bytes() -> usize {
    Sets::<ConnectionLabels, ConnectionValues>::weight(TYPICAL_LABEL_BYTES, &Differences::default())
}

/// Connections with equal labels share one set, whatever the labels were made of. A set takes further metrics in as
/// far as there is room. Metrics without room go to the overflow set, for the life of the connection.
fn acquire<K: LabelSet, V: Values>(
    sets: &mut Sets<K, V>,
    accounts: &mut Accounts,
    admitted: &mut Admitted,
    (key, SeriesSpec { metrics, differences, tag_source }): (K, SeriesSpec),
    now: Monotonic,
    held: &mut SeriesHandles,
) {
    if metrics.is_empty() {
        return;
    }
    let reporter = key.edge().reporter;
    let (place, fresh, edge, cost) = match sets.find(&key, &differences) {
        Place::At(at) => {
            if tag_source.is_some() {
                sets[at].tag_source.clone_from(&tag_source);
            }
            let fresh = metrics.difference(sets[at].known);
            if fresh.is_empty() {
                return add_handle(sets, SeriesHandle { at, metrics }, held);
            }
            // The namespace that made the set pays for what it grows by.
            (Ok(at), fresh, sets[at].key().edge().clone(), sets.cost_of_metrics(fresh))
        }
        Place::Nowhere(labels) => {
            let labels = labels.unwrap_or_else(|| written(&key, &differences));
            let cost = sets.cost_of_set(metrics, labels.len(), &differences);
            (Err(labels), metrics, key.edge().clone(), cost)
        }
    };
    let payer = Payer::of(&edge);
    let full = match accounts.charge(Some(payer), cost) {
        Ok(()) => {
            let at = place.unwrap_or_else(|labels| {
                admitted.learn(payer.namespace, &differences);
                let at = sets.insert(key, differences, Some(labels), now);
                sets[at].tag_source = tag_source;
                at
            });
            sets.change(at).charged += cost.lines;
            return add_handle(sets, SeriesHandle { at, metrics }, held);
        }
        Err(full) => full,
    };
    sets.count_overflow(full, payer, accounts);
    let known = metrics.difference(fresh);
    if let (Ok(at), false) = (place, known.is_empty()) {
        add_handle(sets, SeriesHandle { at, metrics: known }, held);
    }
    let at = sets.overflow((reporter, payer, full), accounts, now);
    add_handle(sets, SeriesHandle { at, metrics: fresh }, held);
}

impl<K: LabelSet, V: Values> Sets<K, V> {
    /// Of further metrics of a set that is there.
    fn cost_of_metrics(&self, metrics: Metrics) -> Amount {
        let lines = if self.measure == Measure::Lines { lines_at_once(metrics) } else { 0 };
        Amount { lines, ..Amount::default() }
    }

    /// `labels`: bytes of their text.
    fn cost_of_set(&self, metrics: Metrics, labels: usize, differences: &Differences) -> Amount {
        let connections = usize::from(self.measure == Measure::Sets);
        Amount { connections, bytes: Self::weight(labels, differences), ..self.cost_of_metrics(metrics) }
    }
}

fn add_handle<K: LabelSet, V: Values>(sets: &mut Sets<K, V>, handle: SeriesHandle, held: &mut SeriesHandles) {
    let is_long = sets.measure == Measure::Sets;
    let set = &mut sets[handle.at];
    set.known = set.known.union(handle.metrics);
    set.recorded = set.recorded.union(handle.metrics);
    if is_long {
        set.released = None;
    }
    set.references += u32::from(!held.push(handle));
}
