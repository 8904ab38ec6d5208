//! Expiry of label sets. A label set stays while a connection has a handle of it.

use super::admitted::Admitted;
use super::budget::{Accounts, Payer};
use super::handles::Kind;
use super::scrapes::Scrapes;
use super::sets::{Set, Sets};
use super::values::Values;
use super::{SeriesHandles, SeriesStore};
use crate::labels::LabelSet;
use crate::observation::Edge;
use crate::record::Monotonic;
use longwire_model::identity::{Pod, Workload};
use std::sync::Arc;

const SECOND: Monotonic = 1_000_000_000;
/// Edges and workloads: time without a change.
const IDLE: Monotonic = 600 * SECOND;
/// The same while a scraper that still comes has not seen the last values.
const IDLE_AT_MOST: Monotonic = 900 * SECOND;
/// Long connections: time since the end, however many scrapes there were.
const LAST_VALUE_AT_LEAST: Monotonic = 60 * SECOND;
/// The same without scrapes.
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
            match handle.kind() {
                Kind::Service => drop(self.services.release(handle.at)),
                Kind::Workload => drop(self.workloads.release(handle.at)),
                Kind::Envoy => drop(self.clusters.release(handle.at)),
                Kind::Connection if self.connections.release(handle.at) => {
                    self.connections.change(handle.at).released = Some(now);
                }
                Kind::Connection => {}
            }
        }
    }

    /// Removes label sets that are due: without handles and idle. An edge also needs one of its workloads to be gone, because a counter
    /// that stays is more useful than one that starts anew. A set of a pod goes with the pod, and one of a mere address as soon as it
    /// is idle, because addresses are unbounded. A set with tags goes when its source is gone or has other tags by now. None goes
    /// before every scraper has seen its last values, within bounds.
    pub fn expire(&mut self, now: Monotonic, alive: &mut dyn FnMut(Mention<'_>) -> bool) {
        let Self { services, workloads, connections, clusters, accounts, admitted, scrapes, began, .. } = self;
        let has_time = now.saturating_sub(*began) < IDLE;
        expire(services, accounts, admitted, |key, set| {
            is_idle(set, scrapes, now) && (has_gone(key.edge(), alive) || is_orphaned(set, has_time, alive))
        });
        expire(workloads, accounts, admitted, |key, set| {
            let mut pod_has_gone = || key.pod().is_none_or(|pod| !alive(Mention::Pod(pod)));
            is_idle(set, scrapes, now)
                && (pod_has_gone() || has_gone(key.edge(), alive) || is_orphaned(set, has_time, alive))
        });
        expire(clusters, accounts, admitted, |key, set| {
            is_idle(set, scrapes, now) && key.pod().is_none_or(|pod| !alive(Mention::Pod(pod)))
        });
        expire(connections, accounts, admitted, |_, set| {
            let since = set.released.map(|released| now.saturating_sub(released));
            let was_shown = || scrapes.have_shown(set.published, now);
            since.is_some_and(|since| since >= LAST_VALUE_AT_MOST || since >= LAST_VALUE_AT_LEAST && was_shown())
        });
        accounts.pressure.look(now);
    }
}

fn expire<K: LabelSet, V: Values>(
    sets: &mut Sets<K, V>,
    accounts: &mut Accounts,
    admitted: &mut Admitted,
    is_due: impl FnMut(&K, &Set<K, V>) -> bool,
) {
    let measure = sets.measure;
    sets.expire(is_due, |gone| {
        let (payer, cost) = (Payer::of(gone.key().edge()), gone.cost(measure));
        if gone.is_overflow {
            accounts.release(None, cost);
        } else {
            accounts.release(Some(payer), cost);
            admitted.forget(payer.namespace, gone.differences());
        }
    });
}

fn is_idle<K, V>(set: &Set<K, V>, scrapes: &Scrapes, now: Monotonic) -> bool {
    let since = now.saturating_sub(set.changed);
    since >= IDLE_AT_MOST || since >= IDLE && scrapes.scrapers_have_seen(set.published, now)
}

/// The source of its tags is gone or has other tags. `has_time`: the source of a restored set may still become known.
fn is_orphaned<K, V>(set: &Set<K, V>, has_time: bool, alive: &mut dyn FnMut(Mention<'_>) -> bool) -> bool {
    let is_fed = |tag_source: &TagSource| alive(Mention::TagSource(tag_source));
    !set.differences().is_empty() && !set.tag_source.as_ref().map_or(has_time, is_fed)
}

fn has_gone(edge: &Edge, alive: &mut dyn FnMut(Mention<'_>) -> bool) -> bool {
    [&edge.source, &edge.destination].into_iter().flatten().any(|workload| !alive(Mention::Workload(workload)))
}
