//! From which address the containers of pods speak, and since when. Other nodes learn it by way of the operator, sooner than
//! from the kubelet.

#[cfg(test)]
mod tests;

use super::recent::Recent;
use crate::record::Monotonic;
use longwire_model::identity::Sighting;
use std::collections::BTreeMap;

/// Containers; more than a node runs.
const MOST: usize = 16_384;
/// A cgroup whose pod is not told to be this node's for this long is another's.
const STRANGE: Monotonic = 60_000_000_000;

#[derive(Debug)]
pub(super) struct Sightings {
    /// By cgroup.
    known: Recent<u64, Sighting>,
    /// Of these, what is not yet told, since when.
    news: BTreeMap<u64, Monotonic>,
}

impl Sightings {
    pub(super) fn new() -> Self {
        Self { known: Recent::new(MOST), news: BTreeMap::new() }
    }

    /// The kernel may tell of one twice, and then the first time counts.
    pub(super) fn see(&mut self, cgroup: u64, now: Monotonic, sighting: Sighting) {
        let is_known = |known: &mut Sighting| (&known.uid, known.address) == (&sighting.uid, sighting.address);
        if self.known.peek_mut(&cgroup).is_some_and(is_known) {
            return;
        }
        if let Some(evicted) = self.known.insert(cgroup, sighting) {
            self.news.remove(&evicted);
        }
        self.news.insert(cgroup, now);
    }

    /// What is new of these pods; of others it may still be told.
    pub(super) fn take(&mut self, is_local: impl Fn(&str) -> bool) -> Vec<Sighting> {
        let mut taken = Vec::new();
        let Self { known, news } = self;
        news.retain(|cgroup, _| match known.peek_mut(cgroup) {
            Some(sighting) if !is_local(&sighting.uid) => true,
            Some(sighting) => {
                taken.push(sighting.clone());
                false
            }
            None => false,
        });
        taken
    }

    pub(super) fn all(&self, is_local: impl Fn(&str) -> bool) -> Vec<Sighting> {
        let sightings = self.known.iter().map(|(_, sighting)| sighting);
        sightings.filter(|sighting| is_local(&sighting.uid)).cloned().collect()
    }

    pub(super) fn sweep(&mut self, now: Monotonic) {
        self.news.retain(|_, since| now.saturating_sub(*since) < STRANGE);
    }
}
