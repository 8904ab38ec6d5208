//! When label sets go. Never while a connection holds them.

use super::admitted::Admitted;
use super::budget::{Accounts, Payer};
use super::handles::Kind;
use super::scrapes::ScrapeNumber;
use super::sets::{Set, Sets};
use super::values::Values;
use super::{Aggregate, Attribution};
use crate::labels::LabelSet;
use crate::observation::Edge;
use crate::record::Monotonic;
use longwire_model::identity::{Pod, Workload};

const SECOND: Monotonic = 1_000_000_000;
/// Edges and workloads: without a change.
const IDLE: Monotonic = 600 * SECOND;
/// Long connections: since the end, however many scrapes there were.
const LAST_VALUE_AT_LEAST: Monotonic = 60 * SECOND;
/// And if nobody scrapes.
const LAST_VALUE_AT_MOST: Monotonic = 300 * SECOND;

/// Whom a label set names.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'a> {
    Workload(&'a Workload),
    Pod(&'a Pod),
}

/// When a long connection ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Released {
    at: Monotonic,
    /// The latest that had started when its last figures were published: it may have passed the connection's lines before
    /// that. `None`: they are not published yet.
    scrape: Option<ScrapeNumber>,
}

impl Released {
    pub(super) fn at(now: Monotonic) -> Self {
        Self { at: now, scrape: None }
    }

    pub(super) fn published(&mut self, latest: ScrapeNumber) {
        self.scrape.get_or_insert(latest);
    }
}

impl Aggregate {
    /// The connection is gone, or feeds other series from now on.
    pub fn release(&mut self, held: &Attribution, now: Monotonic) {
        for feed in held.feeds() {
            match feed.kind() {
                Kind::Service => drop(self.services.release(feed.at)),
                Kind::Workload => drop(self.workloads.release(feed.at)),
                Kind::Envoy => drop(self.clusters.release(feed.at)),
                Kind::Connection if self.connections.release(feed.at) => {
                    self.connections.change(feed.at).released = Some(Released::at(now));
                }
                Kind::Connection => {}
            }
        }
    }

    /// Removes what is due. An edge is when nobody holds it, nothing has changed for long and one of its workloads is
    /// gone; while both live, a counter that started anew would say less than one that stays. A set that names a pod goes
    /// with the pod, and one that names a mere address when it is idle: there are as many as the world is wide.
    pub fn expire(&mut self, now: Monotonic, alive: &mut dyn FnMut(Mention<'_>) -> bool) {
        let Self { services, workloads, connections, clusters, accounts, admitted, scrapes, .. } = self;
        expire(services, accounts, admitted, |key, set| is_idle(set, now) && has_gone(key.edge(), alive));
        expire(workloads, accounts, admitted, |key, set| {
            let mut pod_has_gone = || key.pod().is_none_or(|pod| !alive(Mention::Pod(pod)));
            is_idle(set, now) && (pod_has_gone() || has_gone(key.edge(), alive))
        });
        expire(clusters, accounts, admitted, |key, set| {
            is_idle(set, now) && key.pod().is_none_or(|pod| !alive(Mention::Pod(pod)))
        });
        let is_over = |released: Released| {
            let since = now.saturating_sub(released.at);
            let was_shown = || released.scrape.is_some_and(|scrape| scrapes.have_shown(scrape));
            since >= LAST_VALUE_AT_MOST || since >= LAST_VALUE_AT_LEAST && was_shown()
        };
        expire(connections, accounts, admitted, |_, set| set.released.is_some_and(is_over));
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

fn is_idle<K, V>(set: &Set<K, V>, now: Monotonic) -> bool {
    now.saturating_sub(set.changed) >= IDLE
}

fn has_gone(edge: &Edge, alive: &mut dyn FnMut(Mention<'_>) -> bool) -> bool {
    [&edge.source, &edge.destination].into_iter().flatten().any(|workload| !alive(Mention::Workload(workload)))
}
