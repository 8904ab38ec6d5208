//! A connection acquires handles of the series that it records into.

use super::admitted::Admitted;
use super::budget::{Accounts, Amount, Measure, Payer};
use super::handles::SeriesHandle;
use super::kinds::KnownLabels;
use super::lifetime::TagSource;
use super::sets::{Place, Sets};
use super::values::Values;
use super::{SeriesHandles, SeriesStore};
use crate::labels::{ConnectionLabels, Differences, EnvoyLabels, LabelSet};
use crate::observation::EdgeRef;
use crate::record::Monotonic;
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::{LabelKind, Metrics};

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

impl SeriesSpec {
    /// Metrics with the labels of the table.
    pub(super) fn plain(metrics: Metrics) -> Self {
        Self { metrics, differences: Differences::default(), tag_source: None }
    }
}

impl SeriesStore {
    /// Handles of the series with these labels, with one reference on them. Series without room are replaced by those of the overflow
    /// set.
    pub(crate) fn acquire<K: KnownLabels>(
        &mut self,
        labels: K,
        spec: SeriesSpec,
        now: Monotonic,
        held: &mut SeriesHandles,
    ) {
        let Self { kinds, accounts, admitted, .. } = self;
        acquire(K::sets_mut(kinds), accounts, admitted, (labels, spec), now, held);
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
        let metrics = self.accepted.of(&labels, telemetry, matcher);
        self.acquire(labels, SeriesSpec::plain(metrics), now, held);
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
        let mut own = held.handles().filter(|handle| handle.kind() == LabelKind::Connection);
        own.any(|handle| self.kinds.connections[handle.at].is_overflow)
    }
}

/// Bytes of a long connection's label set, unless its labels are uncommonly long.
fn typical_long_bytes() -> usize {
    Sets::<ConnectionLabels, <ConnectionLabels as KnownLabels>::Values>::weight(
        TYPICAL_LABEL_BYTES,
        &Differences::default(),
    )
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
        Place::Nowhere(fingerprint) => {
            let fingerprint = fingerprint.unwrap_or_else(|| sets.fingerprint(&key, &differences));
            let cost = sets.cost_of_set(metrics, fingerprint.bytes, &differences);
            (Err(fingerprint), metrics, key.edge().clone(), cost)
        }
    };
    let payer = Payer::of(&edge);
    let full = match accounts.charge(Some(payer), cost) {
        Ok(()) => {
            let at = place.unwrap_or_else(|fingerprint| {
                admitted.learn(payer.namespace, &differences);
                let at = sets.insert(key, differences, Some(fingerprint), now);
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
