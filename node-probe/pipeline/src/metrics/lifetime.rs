//! Expiry of label sets. A label set stays while a connection has a handle of it.

use super::admitted::Admitted;
use super::budget::{Accounts, Payer};
use super::kinds::{KnownLabels, each_kind, of_kind};
use super::series::{LabelSetId, Removed};
use super::sets::{Set, Sets};
use super::snapshots::Snapshots;
use super::{SeriesHandles, SeriesStore};
use crate::labels::Needs;
use crate::observation::Edge;
use crate::record::Monotonic;
use longwire_model::identity::{Pod, Workload};
use std::sync::Arc;

const SECOND: Monotonic = 1_000_000_000;
/// Edges and workloads: time without a change.
const IDLE: Monotonic = 600 * SECOND;
/// The same while a consumer that still comes has not seen the last values.
const IDLE_AT_MOST: Monotonic = 900 * SECOND;
/// Long connections: time since the end, however many snapshots there were.
const LAST_VALUE_AT_LEAST: Monotonic = 60 * SECOND;
/// The same without snapshots, unless an exporter that still comes has not seen them.
const LAST_VALUE_AT_MOST: Monotonic = 300 * SECOND;

/// What a label set mentions. It may expire once this is gone.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'a> {
    Workload(&'a Workload),
    Pod(&'a Pod),
    /// The source of its tags.
    TagSource(&'a TagSource),
}

/// The pods that a label set's tags were evaluated for. While neither changes, the next connection gets the same label set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSource {
    /// Number of the reporting pod and the revision of its telemetry.
    pub pod: u64,
    /// The pod at the other end.
    pub peer: Option<Arc<Pod>>,
}

impl SeriesStore {
    /// The connection is gone, or records into other series from now on.
    pub fn release(&mut self, held: &SeriesHandles, now: Monotonic) {
        for handle in held.handles() {
            of_kind!(&mut self.kinds, handle.kind(), |sets| sets.release(handle.at, now));
        }
    }

    /// Removes label sets that are due: without handles and idle. An edge also needs one of its workloads to be gone, because a counter
    /// that stays is more useful than one that starts anew. A set of a pod goes with the pod, and one of a mere address as soon as it
    /// is idle, because addresses are unbounded. A set with tags goes when its source is gone or has other tags by now. None goes
    /// before every consumer has seen its last values, within bounds.
    pub fn expire(&mut self, now: Monotonic, alive: &mut dyn FnMut(Mention<'_>) -> bool) {
        let Self { kinds, accounts, admitted, snapshots, began, removed, .. } = self;
        let mut expiry = Expiry { snapshots, now, has_time: now.saturating_sub(*began) < IDLE, alive };
        each_kind!(&mut kinds, |sets| expire(sets, accounts, admitted, removed, &mut expiry));
        accounts.pressure.look(now);
    }
}

fn expire<K: KnownLabels>(
    sets: &mut Sets<K, K::Values>,
    accounts: &mut Accounts,
    admitted: &mut Admitted,
    removed: &mut Removed,
    expiry: &mut Expiry<'_>,
) {
    let measure = sets.measure;
    sets.expire(
        |key, set| expiry.is_due(key, set),
        |slot, gone| {
            removed.notify(LabelSetId { kind: K::KIND, slot, birth: gone.born() });
            let (payer, cost) = (Payer::of(gone.key().edge()), gone.cost(measure));
            if gone.is_overflow {
                accounts.release(None, cost);
            } else {
                accounts.release(Some(payer), cost);
                admitted.forget(payer.namespace, gone.differences());
            }
        },
    );
}

/// Decides which label sets expire.
struct Expiry<'a> {
    snapshots: &'a Snapshots,
    now: Monotonic,
    /// The tag source of a restored set may still become known.
    has_time: bool,
    alive: &'a mut dyn FnMut(Mention<'_>) -> bool,
}

impl Expiry<'_> {
    fn is_due<K: KnownLabels>(&mut self, key: &K, set: &Set<K, K::Values>) -> bool {
        match key.needs() {
            Needs::Workloads => self.is_idle(set) && (self.has_gone(key.edge()) || self.is_orphaned(set)),
            Needs::PodAndWorkloads(pod) => {
                self.is_idle(set) && (self.pod_has_gone(pod) || self.has_gone(key.edge()) || self.is_orphaned(set))
            }
            Needs::Pod(pod) => self.is_idle(set) && self.pod_has_gone(pod),
            Needs::Connection => self.has_shown_last(set),
        }
    }

    fn is_idle<K, V>(&self, set: &Set<K, V>) -> bool {
        let since = self.now.saturating_sub(set.changed);
        since >= IDLE_AT_MOST || since >= IDLE && self.snapshots.consumers_have_seen(set.published, self.now)
    }

    fn has_shown_last<K, V>(&self, set: &Set<K, V>) -> bool {
        let since = set.released.map(|released| self.now.saturating_sub(released));
        let was_shown = || self.snapshots.have_shown(set.published, self.now);
        let was_exported = || self.snapshots.exporters_have_seen(set.published, self.now);
        since.is_some_and(|since| match since {
            IDLE_AT_MOST.. => true,
            LAST_VALUE_AT_MOST.. => was_exported(),
            LAST_VALUE_AT_LEAST.. => was_shown(),
            _ => false,
        })
    }

    /// The source of its tags is gone or has other tags.
    fn is_orphaned<K, V>(&mut self, set: &Set<K, V>) -> bool {
        let Some(tag_source) = &set.tag_source else { return !set.differences().is_empty() && !self.has_time };
        !set.differences().is_empty() && !(self.alive)(Mention::TagSource(tag_source))
    }

    fn pod_has_gone(&mut self, pod: Option<&Pod>) -> bool {
        pod.is_none_or(|pod| !(self.alive)(Mention::Pod(pod)))
    }

    fn has_gone(&mut self, edge: &Edge) -> bool {
        let ends = [&edge.source, &edge.destination];
        ends.into_iter().flatten().any(|workload| !(self.alive)(Mention::Workload(workload)))
    }
}
