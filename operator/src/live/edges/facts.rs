//! Which connections an edge adds up, and its name.

use crate::index::seen::SeenPod;
use crate::live::row::Facts;
use longwire_model::canonical::Labels;
use longwire_model::identity::Service;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A DNS label has no more bytes.
const MAX_NAME: usize = 63;
/// Two dots, and the hash.
const REST: usize = 10;
/// What stands for an end that is outside, or not known.
const UNKNOWN: &str = "unknown";

/// Labels that controllers give to one pod, or to those of one revision or job.
const NOT_OF_WORKLOAD: &[&str] = &[
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "apps.kubernetes.io/pod-index",
    "statefulset.kubernetes.io/pod-name",
];

/// What does not change while the edge is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeFacts {
    pub(super) name: Arc<str>,
    pub(super) source: Workload,
    pub(super) destination: Workload,
    pub(super) service: Option<Arc<Service>>,
}

/// One end of an edge, by the pod of its first connection. `None`: outside, or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Workload(Option<SeenPod>);

impl Workload {
    pub(super) fn namespace(&self) -> Option<&str> {
        self.0.as_ref().map(SeenPod::namespace)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.0.as_ref().map(SeenPod::workload)
    }

    /// Those that the workload's pods share.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&String, &String)> {
        let all = self.0.iter().flat_map(|pod| pod.labels());
        all.filter(|(name, _)| !NOT_OF_WORKLOAD.contains(&name.as_str()))
    }

    fn key(&self) -> (&str, &str) {
        (self.namespace().unwrap_or_default(), self.name().unwrap_or_default())
    }
}

impl EdgeFacts {
    /// Of the edge of this connection.
    pub(super) fn of(connection: &Facts) -> Self {
        let Facts { source, destination, service, .. } = connection;
        let mut facts = Self {
            name: UNKNOWN.into(),
            source: Workload(source.pod.clone()),
            destination: Workload(destination.pod.clone()),
            service: service.clone(),
        };
        let hash = xxh3_64(facts.text().as_bytes()) >> 32;
        facts.name = name(facts.source.name(), facts.destination.name(), hash).into();
        facts
    }

    /// The namespaces in which it is seen, the one that it has among all edges first.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        let source = self.source.namespace();
        let destination = self.destination.namespace().filter(|namespace| source != Some(namespace));
        source.into_iter().chain(destination)
    }

    /// The same edge, whatever pods it was first seen of.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// What tells it from all others.
    pub(super) fn text(&self) -> String {
        let [source, destination, service] = self.key();
        [source, destination, service].map(|(namespace, name)| format!("{namespace}/{name}")).join(" ")
    }

    /// Labels of the workloads of this namespace. Of both ends, the source's win.
    pub(super) fn labels(&self, namespace: &str) -> Labels {
        let own = [&self.destination, &self.source].into_iter().filter(|end| end.namespace() == Some(namespace));
        own.flat_map(Workload::labels).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn key(&self) -> [(&str, &str); 3] {
        let service = self.service.as_deref();
        let service = service.map_or(("", ""), |service| (service.namespace.as_str(), service.name.as_str()));
        [self.source.key(), self.destination.key(), service]
    }
}

/// `<source>.<destination>.<hash>`, which is a DNS name.
fn name(source: Option<&str>, destination: Option<&str>, hash: u64) -> String {
    let (source, destination) = (part(source, MAX_NAME), part(destination, MAX_NAME));
    let room = MAX_NAME - REST;
    // What one of them does not need is the other's.
    let source = part(Some(&source), (room / 2).max(room.saturating_sub(destination.len())));
    let destination = part(Some(&destination), room - source.len());
    format!("{source}.{destination}.{hash:08x}")
}

/// At most so many bytes, each of them a small letter, a digit or a hyphen in between.
fn part(text: Option<&str>, most: usize) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let plain: String = text.unwrap_or_default().chars().take(most).map(plain).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { UNKNOWN.to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests;
