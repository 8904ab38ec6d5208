//! A connection takes hold of the label sets that it feeds.

use super::admitted::Admitted;
use super::budget::{Accounts, Bill, Full, Measure};
use super::handles::Feed;
use super::sets::{Place, Sets};
use super::values::Values;
use super::{Aggregate, Attribution};
use crate::labels::{ConnectionLabels, Differences, EnvoyLabels, LabelSet, ServiceLabels, WorkloadLabels};
use crate::observation::{Edge, Flow};
use crate::record::Monotonic;
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::Metrics;

/// Metrics under the labels of the table, but for the differences.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) metrics: Metrics,
    pub(crate) differences: Differences,
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
        hold(clusters, accounts, admitted, (labels, Claim { metrics, differences: Differences::default() }), now, held);
    }
}

/// Whoever has these labels shares one set, whatever they were made of. A set that is known takes further metrics in as far
/// as there is room; what it lacks folds, for the life of the connection.
fn hold<K: LabelSet, V: Values>(
    sets: &mut Sets<K, V>,
    accounts: &mut Accounts,
    admitted: &mut Admitted,
    (key, Claim { metrics, differences }): (K, Claim),
    now: Monotonic,
    held: &mut Attribution,
) {
    if metrics.is_empty() {
        return;
    }
    let (reporter, measure) = (key.edge().reporter, sets.measure);
    let place = sets.find(&key, &differences);
    let (known, count) = match place {
        Place::At(at) => (sets[at].known, None),
        Place::Nowhere(_) => (Metrics::NONE, Some(sets.len())),
    };
    let fresh = metrics.difference(known);
    let mut folded = Metrics::NONE;
    if !fresh.is_empty() {
        let bill = Bill { namespace: key.edge().namespace(), metrics: fresh, measure, sets: count };
        if let Err(full) = accounts.charge(bill) {
            match full {
                Full::Node => sets.folded += 1,
                Full::Namespace => accounts.folded_by_namespace += 1,
            }
            folded = fresh;
        }
    }
    let own = metrics.difference(folded);
    if !own.is_empty() {
        let at = match place {
            Place::At(at) => at,
            Place::Nowhere(labels) => {
                admitted.learn(&differences);
                sets.insert(key, differences, labels, now)
            }
        };
        take(sets, Feed { at, metrics: own }, held);
    }
    if !folded.is_empty() {
        let at = sets.overflow_of(reporter);
        take(sets, Feed { at, metrics: folded }, held);
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
