//! What the operator counts of itself, for whoever counts and for the scrape.

use crate::index::Index;
use crate::object::policy::Reason;
use crate::standing::Standings;
use longwire_endpoint::descriptors;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub struct Figures {
    /// Streams now.
    pub streams: AtomicU64,
    /// Of these, with an update that is not yet acknowledged.
    pub behind: AtomicU64,
    pub streams_made: AtomicU64,
    pub updates: AtomicU64,
    pub acks: AtomicU64,
    pub nacks: AtomicU64,
    /// Nanoseconds between an update and the moment when all was acknowledged, summed over `acked`.
    pub ack_time: AtomicU64,
    pub sightings: AtomicU64,
    /// Of these, those of pods that are not on the probe's node.
    pub sightings_strange: AtomicU64,
    /// Of these, those at addresses that are for no pod.
    pub observations_outside: AtomicU64,
    /// Connections of probes that could not be accepted for want of a descriptor.
    pub accepts_without_descriptor: AtomicU64,
    refused: Counts,
    handshakes_refused: Counts,
    reviews: Counts,
    objects: Counts,
    connections: Counts,
    objects_refused: Counts,
    pods_reduced: Counts,
}

type Counts = Mutex<BTreeMap<&'static str, u64>>;

impl Figures {
    pub fn refused(&self, reason: &'static str) {
        add(&self.refused, reason);
    }

    pub fn handshake_refused(&self, reason: &'static str) {
        add(&self.handshakes_refused, reason);
    }

    /// A probe's connection could not be accepted.
    pub fn not_accepted(&self, error: &io::Error) {
        let starved = descriptors::are_exhausted(error);
        self.accepts_without_descriptor.fetch_add(starved.into(), Relaxed);
        tracing::warn!(%error, "a connection cannot be accepted");
    }

    /// A token was verified by this means.
    pub fn reviewed(&self, by: &'static str) {
        add(&self.reviews, by);
    }

    /// All that was told is acknowledged, after this long.
    pub fn caught_up(&self, after: Duration) {
        self.ack_time.fetch_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    pub fn index(&self, index: &Index) {
        let counts = index.counts().into_iter().map(|(kind, count)| (kind, count as u64));
        *self.objects.lock().unwrap_or_else(PoisonError::into_inner) = counts.collect();
    }

    /// Connections of the control endpoint in each stage.
    pub fn connections(&self, counts: [(&'static str, usize); 3]) {
        let counts = counts.into_iter().map(|(stage, count)| (stage, count as u64));
        *self.connections.lock().unwrap_or_else(PoisonError::into_inner) = counts.collect();
    }

    #[must_use]
    pub fn connections_now(&self) -> BTreeMap<&'static str, u64> {
        read(&self.connections)
    }

    /// `None`: what is true of the objects is as before.
    pub fn configured(&self, standings: Option<&Standings>, pods_reduced: [(&'static str, usize); 2]) {
        if let Some(standings) = standings {
            let mut refused: BTreeMap<_, _> = Reason::ALL.map(|reason| (reason.as_str(), 0)).into();
            for refusal in standings.values().filter_map(|standing| standing.accepted.as_ref().err()) {
                *refused.entry(refusal.reason.as_str()).or_default() += 1;
            }
            *self.objects_refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        }
        let reduced = pods_reduced.map(|(limit, pods)| (limit, pods as u64));
        *self.pods_reduced.lock().unwrap_or_else(PoisonError::into_inner) = reduced.into();
    }

    #[must_use]
    pub fn objects_refused(&self) -> BTreeMap<&'static str, u64> {
        read(&self.objects_refused)
    }

    #[must_use]
    pub fn pods_reduced(&self) -> BTreeMap<&'static str, u64> {
        read(&self.pods_reduced)
    }

    #[must_use]
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        read(&self.refused)
    }

    #[must_use]
    pub fn handshake_refusals(&self) -> BTreeMap<&'static str, u64> {
        read(&self.handshakes_refused)
    }

    #[must_use]
    pub fn reviews(&self) -> BTreeMap<&'static str, u64> {
        read(&self.reviews)
    }

    #[must_use]
    pub fn objects(&self) -> BTreeMap<&'static str, u64> {
        read(&self.objects)
    }
}

fn add(counts: &Counts, key: &'static str) {
    *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
}

fn read(counts: &Counts) -> BTreeMap<&'static str, u64> {
    counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
