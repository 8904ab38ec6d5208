//! A connection takes hold of the label sets that it feeds.

use super::admitted::Admitted;
use super::budget::{Accounts, Amount, Measure, Payer, lines_at_once};
use super::handles::{Feed, Kind};
use super::lifetime::TagSource;
use super::sets::{Place, Sets, written};
use super::values::{ConnectionValues, Values};
use super::{Aggregate, Attribution};
use crate::labels::{ConnectionLabels, Differences, EnvoyLabels, LabelSet, ServiceLabels, WorkloadLabels};
use crate::observation::{Edge, Flow};
use crate::record::Monotonic;
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::Metrics;

/// Bytes of a long connection's labels.
const USUAL_LABELS: usize = 1_024;

/// Metrics under the labels of the table, but for the differences.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) metrics: Metrics,
    pub(crate) differences: Differences,
    /// Whose the differences are, where there are any.
    pub(crate) tag_source: Option<TagSource>,
}

impl Aggregate {
    /// The series of an edge, and one reference on them. What finds no room goes to the reporter's overflow set.
    pub(crate) fn service(&mut self, edge: &Edge, claim: Claim, now: Monotonic, held: &mut Attribution) {
        let Self { services, accounts, admitted, .. } = self;
        hold(services, accounts, admitted, (ServiceLabels(edge.clone()), claim), now, held);
    }

    /// The series of a source workload and a destination pod, and one reference on them, or overflow's.
    pub(crate) fn workload(&mut self, flow: &Flow, claim: Claim, now: Monotonic, held: &mut Attribution) {
        let Self { workloads, accounts, admitted, .. } = self;
        hold(workloads, accounts, admitted, (WorkloadLabels::of(flow), claim), now, held);
    }

    /// The series of a long connection, and one reference on them, or overflow's.
    pub(crate) fn connection(&mut self, flow: &Flow, claim: Claim, now: Monotonic, held: &mut Attribution) {
        let Self { connections, accounts, admitted, .. } = self;
        hold(connections, accounts, admitted, (ConnectionLabels::of(flow), claim), now, held);
    }

    /// The statistics of a pod and a cluster that its matcher accepts, and one reference on them, or overflow's.
    /// `telemetry` differs whenever the matcher does.
    pub(crate) fn cluster(
        &mut self,
        labels: EnvoyLabels,
        (telemetry, matcher): (u64, &StatsMatcher),
        now: Monotonic,
        held: &mut Attribution,
    ) {
        let Self { clusters, accounts, admitted, accepted, .. } = self;
        let metrics = accepted.of(&labels, telemetry, matcher);
        hold(
            clusters,
            accounts,
            admitted,
            (labels, Claim { metrics, differences: Differences::default(), tag_source: None }),
            now,
            held,
        );
    }
}

impl Aggregate {
    /// So many long connections could get series of their own, as far as the node's budget goes.
    pub(crate) fn long_room(&self) -> usize {
        self.accounts.long_room(usual_long())
    }

    /// One of this edge could, unless its labels are uncommonly long.
    pub(crate) fn has_room_for_long(&self, edge: &Edge) -> bool {
        self.accounts.has_room(Payer::of(edge), Amount { lines: 0, connections: 1, bytes: usual_long() })
    }

    /// What a long connection holds is the series of those that found no room.
    pub(crate) fn is_folded(&self, held: &Attribution) -> bool {
        held.feeds().any(|feed| feed.kind() == Kind::Connection && self.connections[feed.at].is_overflow)
    }
}

/// Bytes of a long connection's label set, unless its labels are uncommonly long.
fn usual_long() -> usize {
    Sets::<ConnectionLabels, ConnectionValues>::weight(USUAL_LABELS, &Differences::default())
}

/// Whoever has these labels shares one set, whatever they were made of. A set that is known takes further metrics in as far
/// as there is room; what it lacks folds, for the life of the connection.
fn hold<K: LabelSet, V: Values>(
    sets: &mut Sets<K, V>,
    accounts: &mut Accounts,
    admitted: &mut Admitted,
    (key, Claim { metrics, differences, tag_source }): (K, Claim),
    now: Monotonic,
    held: &mut Attribution,
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
                return take(sets, Feed { at, metrics }, held);
            }
            // Whoever made the set pays for what it grows by.
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
            return take(sets, Feed { at, metrics }, held);
        }
        Err(full) => full,
    };
    sets.count_fold(full, payer, accounts);
    let known = metrics.difference(fresh);
    if let (Ok(at), false) = (place, known.is_empty()) {
        take(sets, Feed { at, metrics: known }, held);
    }
    let at = sets.overflow((reporter, payer, full), accounts, now);
    take(sets, Feed { at, metrics: fresh }, held);
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

fn take<K: LabelSet, V: Values>(sets: &mut Sets<K, V>, feed: Feed, held: &mut Attribution) {
    let is_long = sets.measure == Measure::Sets;
    let set = &mut sets[feed.at];
    set.known = set.known.union(feed.metrics);
    set.fed = set.fed.union(feed.metrics);
    if is_long {
        set.released = None;
    }
    set.references += u32::from(!held.push(feed));
}
