//! What the operator counts of itself. Every module may count; a scrape reads.

use longwire_endpoint::descriptors;
use longwire_endpoint::heartbeat::{Heartbeat, Heartbeats};
use longwire_model::series::{OPERATOR_LOOP_DELAY, OPERATOR_LOOP_DURATION, is_listed, operator_names};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

mod live;

pub use live::LiveCounters;

#[derive(Debug, Default)]
pub struct Counters {
    /// Streams now.
    pub streams: AtomicU64,
    /// Of these, with an update that is not yet acknowledged.
    pub behind: AtomicU64,
    pub(crate) streams_made: AtomicU64,
    pub updates: AtomicU64,
    pub(crate) acks: AtomicU64,
    pub(crate) nacks: AtomicU64,
    /// Nanoseconds between an update and the moment when all was acknowledged, summed over `acked`.
    pub(crate) ack_time: AtomicU64,
    /// Address observations that name the owner of an address.
    pub(crate) observations_accepted: AtomicU64,
    /// Those of pods that are not on the probe's node.
    pub(crate) observations_of_others: AtomicU64,
    /// Those at addresses that are for no pod.
    pub(crate) observations_outside: AtomicU64,
    /// Connections of probes that could not be accepted for lack of a file descriptor.
    pub(crate) accepts_without_descriptor: AtomicU64,
    /// EndpointSlices that found no room.
    pub slices_refused: AtomicU64,
    /// Manifests, directories of them and the watch on them.
    pub(crate) manifests_without_descriptor: AtomicU64,
    /// Requests to the API server.
    pub requests_without_descriptor: AtomicU64,
    pub(crate) processes_without_descriptor: AtomicU64,
    refused: Counts,
    handshakes_refused: Counts,
    reviews: Counts,
    authorization_requests: Counts,
    objects: Counts,
    connections: Counts,
    /// By kind and reason.
    objects_refused: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    /// By kind.
    objects_conflicted: Counts,
    pods_reduced: Counts,
    identities_left_out: Counts,
    pub live: LiveCounters,
    pub(crate) loops: Loops,
}

/// The loops whose turns are measured.
#[derive(Debug)]
pub(crate) struct Loops(pub(crate) Heartbeats);

type Counts = Mutex<BTreeMap<&'static str, u64>>;

impl Default for Loops {
    fn default() -> Self {
        let (duration, delay) = (OPERATOR_LOOP_DURATION, OPERATOR_LOOP_DELAY);
        Self(Heartbeats::new((duration.name, duration.help), (delay.name, delay.help), &["writer", "http", "live"]))
    }
}

impl Loops {
    /// Of the task that owns index and compiler.
    pub(crate) fn writer(&self) -> &Arc<Heartbeat> {
        self.0.of("writer")
    }

    /// Of the task that joins live connections.
    pub(crate) fn live(&self) -> &Arc<Heartbeat> {
        self.0.of("live")
    }

    /// Of the task that accepts requests for metrics.
    pub(crate) fn http(&self) -> &Arc<Heartbeat> {
        self.0.of("http")
    }
}

impl Counters {
    pub fn refused(&self, reason: &'static str) {
        debug_assert!(is_listed(operator_names::STREAMS_REFUSED, "reason", reason), "{reason}");
        add(&self.refused, reason);
    }

    pub(crate) fn handshake_refused(&self, reason: &'static str) {
        debug_assert!(is_listed(operator_names::HANDSHAKES_REFUSED, "reason", reason), "{reason}");
        add(&self.handshakes_refused, reason);
    }

    /// A probe's connection could not be accepted.
    pub(crate) fn not_accepted(&self, error: &io::Error) {
        let starved = descriptors::are_exhausted(error);
        self.accepts_without_descriptor.fetch_add(starved.into(), Relaxed);
        tracing::warn!(%error, "a connection cannot be accepted");
    }

    /// A token was verified by this means.
    pub fn reviewed(&self, by: &'static str) {
        debug_assert!(is_listed(operator_names::TOKENS_VERIFIED, "by", by), "{by}");
        add(&self.reviews, by);
    }

    /// A probe requested the authorization of a reader, with this outcome.
    pub(crate) fn authorization_requested(&self, outcome: &'static str) {
        add(&self.authorization_requests, outcome);
    }

    /// All updates are acknowledged, after this long.
    pub(crate) fn caught_up(&self, after: Duration) {
        self.ack_time.fetch_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Objects of each kind in the index, and EndpointSlices that found no room.
    pub(crate) fn indexed(&self, objects: impl IntoIterator<Item = (&'static str, usize)>, slices_refused: usize) {
        let counts = objects.into_iter().map(|(kind, count)| (kind, count as u64));
        *self.objects.lock().unwrap_or_else(PoisonError::into_inner) = counts.collect();
        self.slices_refused.store(slices_refused as u64, Relaxed);
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

    /// Policy objects that are refused, by kind and reason, and those of which another object overrides a part, by kind.
    pub(crate) fn configured(
        &self,
        refused: BTreeMap<(&'static str, &'static str), u64>,
        conflicted: BTreeMap<&'static str, u64>,
    ) {
        *self.objects_refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        *self.objects_conflicted.lock().unwrap_or_else(PoisonError::into_inner) = conflicted;
    }

    /// Pods that run with less than is configured for them, by the limit that they exceed.
    pub(crate) fn reduced(&self, pods: [(&'static str, usize); 2]) {
        let reduced = pods.map(|(limit, pods)| (limit, pods as u64));
        *self.pods_reduced.lock().unwrap_or_else(PoisonError::into_inner) = reduced.into();
    }

    /// Items that are not sent to probes because there are too many, by kind.
    pub(crate) fn left_out(&self, counts: [(&'static str, usize); 4]) {
        let counts = counts.map(|(kind, count)| (kind, count as u64));
        *self.identities_left_out.lock().unwrap_or_else(PoisonError::into_inner) = counts.into();
    }

    #[must_use]
    pub(crate) fn identities_left_out(&self) -> BTreeMap<&'static str, u64> {
        read(&self.identities_left_out)
    }

    #[must_use]
    pub(crate) fn objects_refused(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        self.objects_refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[must_use]
    pub(crate) fn objects_conflicted(&self) -> BTreeMap<&'static str, u64> {
        read(&self.objects_conflicted)
    }

    #[must_use]
    pub(crate) fn pods_reduced(&self) -> BTreeMap<&'static str, u64> {
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

    /// Address observations, by what came of them.
    #[must_use]
    pub(crate) fn observations(&self) -> [(&'static str, u64); 3] {
        let counts = [
            ("accepted", &self.observations_accepted),
            ("not_on_node", &self.observations_of_others),
            ("outside", &self.observations_outside),
        ];
        counts.map(|(result, count)| (result, count.load(Relaxed)))
    }

    #[must_use]
    pub fn reviews(&self) -> BTreeMap<&'static str, u64> {
        read(&self.reviews)
    }

    #[must_use]
    pub fn authorization_requests(&self) -> BTreeMap<&'static str, u64> {
        read(&self.authorization_requests)
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
