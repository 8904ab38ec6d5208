//! The resource `probes`: what the leader knows of each node's probe, and what the probe says of itself, with versions that rise with
//! every change.

mod facts;

use super::missing::{Missing, expected};
use super::page::{Row, Snapshot};
use super::questions::{Known, Questions};
use crate::acks::{Acks, ProbeState};
use crate::index::probes::ProbePods;
use crate::publish::Published;
use crate::publish::role::Role;
use longwire_live::Probe;
use longwire_live::probe::{ProbeSpec, ProbeStatus, Revisions};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

#[cfg(test)]
mod tests;

#[derive(Debug)]
pub(super) struct Probes {
    acks: Arc<Acks>,
    questions: Arc<Questions>,
    /// `None`: pods are not known.
    pods: Option<watch::Receiver<ProbePods>>,
    published: watch::Receiver<Published>,
    table: Mutex<Table>,
}

impl Probes {
    pub(super) fn new(
        (acks, questions): (Arc<Acks>, Arc<Questions>),
        pods: Option<watch::Receiver<ProbePods>>,
        published: watch::Receiver<Published>,
    ) -> Self {
        Self { acks, questions, pods, published, table: Mutex::new(Table::begin(microseconds())) }
    }

    /// As it is now, with what probes answer within a moment, and which do not. `only`: this node alone is of interest.
    pub(super) async fn snapshot(&self, only: Option<&str>) -> (Snapshot, Missing) {
        let known = self.questions.ask().await;
        let wanted = self.published.borrow().announced();
        let mut expected = expected(&self.acks, self.pods.as_ref());
        expected.retain(|node| only.is_none_or(|only| **node == *only));
        let missing = Missing::of(&expected, &known.keys().cloned().collect(), Vec::new());
        let pods = self.pods.as_ref().map(watch::Receiver::borrow);
        let now = statuses(self.acks.probes(), pods.as_deref(), wanted, &known);
        let mut table = self.table.lock();
        table.take(now);
        (table.snapshot(), missing)
    }

    fn begin(&self) {
        *self.table.lock() = Table::begin(microseconds());
    }
}

/// A replica that leads anew counts from the time, so that its versions are above those of the leader before it.
pub(super) async fn begin_with_each_term(probes: Arc<Probes>, mut role: watch::Receiver<Role>) {
    while role.changed().await.is_ok() {
        if *role.borrow_and_update() == Role::Leader {
            probes.begin();
        }
    }
}

pub(super) fn microseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Of every node that has a probe's pod, or whose probe has connected.
fn statuses(
    mut known: HashMap<String, ProbeState>,
    pods: Option<&ProbePods>,
    wanted: u64,
    facts: &Known,
) -> BTreeMap<String, ProbeStatus> {
    let with_pod: BTreeSet<&str> = pods.iter().flat_map(|pods| pods.nodes.values()).map(AsRef::as_ref).collect();
    let nodes: BTreeSet<String> = known.keys().cloned().chain(with_pod.into_iter().map(str::to_owned)).collect();
    let status = |node: String| {
        let ProbeState { connected, release, acked, notices } = known.remove(&node).unwrap_or_default();
        let ready = pods.map(|pods| pods.ready.contains(&node));
        let applied = acked.as_ref().map(|acked| acked.revision);
        let refusal = acked.and_then(|acked| acked.refused).map(|(_, error)| error);
        let revision = Revisions { applied, wanted };
        let facts = facts.get(node.as_str()).filter(|_| connected).map(|facts| facts::of(facts));
        (node, ProbeStatus { connected, ready, release, revision, refusal, notices, facts })
    };
    nodes.into_iter().map(status).collect()
}

/// The rows as they were read last. Pure.
#[derive(Debug)]
struct Table {
    begun: u64,
    revision: u64,
    /// By name, with the version of its last change.
    rows: BTreeMap<String, (ProbeStatus, u64)>,
}

impl Table {
    fn begin(at: u64) -> Self {
        Self { begun: at, revision: at, rows: BTreeMap::new() }
    }

    /// Each row that is new, different or gone is one change.
    fn take(&mut self, now: BTreeMap<String, ProbeStatus>) {
        let Self { revision, rows, .. } = self;
        let before = rows.len();
        rows.retain(|name, _| now.contains_key(name));
        *revision += (before - rows.len()) as u64;
        for (name, status) in now {
            if rows.get(&name).is_none_or(|(known, _)| *known != status) {
                *revision += 1;
                rows.insert(name, (status, *revision));
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        let row = |(name, (status, version)): (&String, &(ProbeStatus, u64))| Row {
            namespace: None,
            name: name.clone(),
            object: object(name, status, *version),
        };
        Snapshot { begun: self.begun, revision: self.revision, rows: self.rows.iter().map(row).collect() }
    }
}

fn object(name: &str, status: &ProbeStatus, version: u64) -> serde_json::Value {
    let mut probe = Probe::new(name, ProbeSpec { node: name.to_owned() });
    probe.metadata.uid = Some(uid(name));
    probe.metadata.resource_version = Some(version.to_string());
    probe.status = Some(status.clone());
    // Texts and numbers are always JSON.
    serde_json::to_value(probe).unwrap_or_default()
}

fn uid(name: &str) -> String {
    super::uid::of_text(&format!("longwire probe {name}"))
}
