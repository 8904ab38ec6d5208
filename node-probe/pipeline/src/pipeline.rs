//! The whole way from a ring record to a label set's counters, with one writer.

mod abandon;
mod candidates;
mod conclude;
mod emit;
pub mod estimate;
mod folded;
mod ingest;
mod live;
mod restore;
mod save;
mod saved;
mod series;
mod stage;
mod stats;
#[cfg(test)]
mod tests;

pub use crate::record::{Folded, FoldedKey};
pub use crate::resolve::{BackendQuery, KubeletCgroups, TooDeep, Waits};
pub use crate::state::{Flaw, InvalidState, READ_VERSIONS, STATE_VERSION};
pub use restore::Restored;
pub use save::SaveCursor;
pub use saved::Dropped;
pub use stats::Stats;

use crate::connection::{Connections, Sampled};
use crate::live::Live;
use crate::log::Journal;
use crate::metrics::{Budget, Mention, SeriesStore, TagSource};
use crate::record::{Monotonic, Sample};
use crate::resolve::Resolver;
use candidates::Candidates;
use longwire_model::identity::{Address, ObservedAddress, UnixNanos};
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::{LocalPod, Update};
use stage::{Recorder, Stage};
use std::net::{IpAddr, SocketAddr};

/// Samples whose connections are looked up before the first of them is taken in.
const AHEAD: usize = 16;
/// Interval of the search for label sets to expire.
const EXPIRY: Monotonic = 5_000_000_000;
/// Interval of the search for unused addresses and removed pods.
const SWEEP: Monotonic = 60_000_000_000;

#[derive(Clone, Debug)]
pub struct Options {
    /// For label sets.
    pub budget: Budget,
    /// Most live connections in the table. Further ones are counted when they close.
    pub max_connections: usize,
    /// Age from which a connection has series of its own, unless its pod's telemetry has another; nanoseconds.
    pub long_connection_threshold: Monotonic,
    pub waits: Waits,
    /// Most connections that wait to be resolved.
    pub max_pending: usize,
    /// Inode of the node's own network namespace.
    pub host_netns: u32,
    /// Where this node's kubelet has its pods' cgroups.
    pub kubelet_cgroups: KubeletCgroups,
    /// Wall clock, Unix nanoseconds, less CLOCK_MONOTONIC; for start times of connections.
    pub wall_clock_offset: UnixNanos,
    /// Ended connections that are kept for live views. 0: there are no live views.
    pub live_history: usize,
}

/// Queries and reports of the pipeline that are new since the last call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Queries {
    /// Addresses whose owners the operator shall send, now and when they change.
    pub addresses: Vec<IpAddr>,
    /// Addresses of no more interest.
    pub forget: Vec<IpAddr>,
    pub backends: Vec<BackendQuery>,
    /// Reports to the operator. The caller removes pods from `gone` that still have a process.
    pub observations: Vec<ObservedAddress>,
}

/// Pure: bytes, samples, answers and times come in as arguments, and nothing waits or blocks.
#[derive(Debug)]
pub struct Pipeline {
    options: Options,
    settings: NodeSettings,
    connections: Connections<Stage>,
    resolver: Resolver,
    store: SeriesStore,
    candidates: Candidates,
    journal: Journal,
    live: Live,
    next_expiry: Monotonic,
    next_sweep: Monotonic,
    counts: Counts,
    /// Events since the begin.
    #[cfg(test)]
    collected: Vec<tests::Collected>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    records: u64,
    invalid_size: u64,
    invalid_kind: u64,
    invalid_id: u64,
    folded: u64,
    samples: u64,
    host: u64,
    foreign: u64,
    local_legs: u64,
    role_unknown: u64,
    dropped: u64,
    expression_errors: u64,
}

impl Pipeline {
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            connections: Connections::new(options.max_connections),
            resolver: Resolver::new(
                options.host_netns,
                options.kubelet_cgroups.clone(),
                options.waits,
                options.max_pending,
                options.wall_clock_offset,
            ),
            store: SeriesStore::new(options.budget),
            candidates: Candidates::default(),
            journal: Journal::default(),
            live: Live::new(options.live_history),
            next_expiry: 0,
            next_sweep: 0,
            counts: Counts::default(),
            #[cfg(test)]
            collected: Vec::new(),
            settings: NodeSettings::default(),
            options,
        }
    }

    /// One ring record. What cannot be read is counted and skipped.
    pub fn ingest(&mut self, bytes: &[u8], now: Monotonic) {
        self.ingest_record(bytes, now);
        self.conclude_resolved(now);
    }

    /// The wall clock as it is set now, less CLOCK_MONOTONIC, for lookups of owners of addresses. Start times that were exposed stay.
    pub fn set_clock(&mut self, offset: UnixNanos) {
        self.resolver.set_clock(offset);
    }

    /// A pass of the sampler begins. The ring was drained up to here.
    pub fn begin_pass(&mut self, _now: Monotonic) {
        self.connections.begin_pass();
        self.candidates.begin(self.store.long_room());
        self.live.begin_pass();
    }

    /// Live connections' counters.
    pub fn samples(&mut self, samples: &[Sample], now: Monotonic) {
        self.counts.samples += samples.len() as u64;
        let (connections, mut recorder) = self.recorder(now);
        for few in samples.chunks(AHEAD) {
            let places = connections.locate::<AHEAD>(few);
            let stages = places.iter().flatten().map(|at| connections.stage(*at));
            recorder.store.prefetch(stages.filter_map(Stage::held));
            for (sample, at) in few.iter().zip(places) {
                if let Some(Sampled { entry, gain }) = connections.sample(at, sample) {
                    stage::advance(entry, gain, sample.counters.rtt(), &mut recorder);
                }
            }
        }
    }

    /// A pass is over; `complete`: no live connection was left out, and the ring was drained after it.
    pub fn end_pass(&mut self, complete: bool, now: Monotonic) {
        self.choose(now);
        for entry in self.connections.end_pass(complete) {
            self.vanished(entry, now);
        }
        self.resolver.end_pass(self.connections.passes(), complete);
        self.conclude_resolved(now);
        self.live.end_pass(complete);
    }

    /// Timeouts and expiry. Cheap when nothing is due.
    pub fn tick(&mut self, now: Monotonic) {
        self.resolver.tick(now);
        self.conclude_resolved(now);
        if now >= self.next_expiry {
            self.next_expiry = now + EXPIRY;
            self.expire(now);
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            self.resolver.sweep(now);
        }
    }

    /// An update of the operator. Connections keep the identity that they have. Each applies edited telemetry at its next sample.
    pub fn apply(&mut self, update: &Update, now: Monotonic) {
        if let Some(settings) = &update.settings {
            self.configure(settings);
        }
        self.resolver.apply(update, now);
        self.conclude_resolved(now);
    }

    /// Cgroups older than the probe: inodes, and paths below the root of the tree.
    pub fn local_cgroups(&mut self, cgroups: impl IntoIterator<Item = (u64, String)>) {
        for (cgroup, path) in cgroups {
            let names: Vec<&str> = path.split('/').collect();
            self.resolver.name_cgroup(cgroup, Some(&names));
        }
    }

    pub fn queries(&mut self) -> Queries {
        let (addresses, forget) = self.resolver.take_address_queries();
        let mut backends = self.resolver.take_backend_queries();
        backends.retain(|query| self.resolver.is_pending(query.token));
        Queries { addresses, forget, backends, observations: self.resolver.take_address_observations() }
    }

    /// Conntrack's answer to a [`BackendQuery`]; `None`: it has no entry.
    pub fn backend(&mut self, token: u64, answer: Option<SocketAddr>, now: Monotonic) {
        self.resolver.answer_backend(token, answer);
        self.conclude_resolved(now);
    }

    /// All addresses whose owners the operator shall send, for the begin of a new stream.
    #[must_use]
    pub fn interest(&self) -> Vec<IpAddr> {
        self.resolver.interest()
    }

    /// For a new stream: the next [`Queries`] have all observed addresses of this node's pods.
    pub fn repeat_observations(&mut self, now: Monotonic) {
        self.resolver.repeat_address_observations(now);
    }

    /// True once when every live connection shall be announced anew: the table was full, refused one and has room again, or
    /// one was sampled whose announce was lost; for the latter at most once a complete pass.
    pub fn wants_reannounce(&mut self) -> bool {
        self.connections.wants_reannounce()
    }

    /// Call it before a state is saved, so that the state has what a scrape shows afterwards.
    pub fn settle(&mut self) {
        self.store.settle();
    }

    /// From now on and until the next call scrapes show the values of this moment, which a successor would show as well. Call it when a
    /// state is saved for good, before anything else changes.
    pub fn publish(&mut self) {
        self.store.publish();
    }

    /// Pods that are on this node now, by the operator's updates.
    pub fn local_pods(&self) -> impl Iterator<Item = &LocalPod> {
        self.resolver.local_pods()
    }

    /// Addresses that the operator answered for, with its answers.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        self.resolver.answers()
    }

    /// What is configured for the node as a whole.
    #[must_use]
    pub fn settings(&self) -> &NodeSettings {
        &self.settings
    }

    /// Connections that wait to be resolved.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.resolver.pending()
    }

    /// How often the telemetry of a pod was edited. Live connections apply edits at their next sample.
    #[must_use]
    pub fn edits(&self) -> u64 {
        self.resolver.edits()
    }

    /// Wall clock, Unix nanoseconds, less CLOCK_MONOTONIC; for start times of connections.
    #[must_use]
    pub fn wall_clock_offset(&self) -> UnixNanos {
        self.options.wall_clock_offset
    }

    /// The operator has sent an update.
    #[must_use]
    pub fn configured(&self) -> bool {
        self.resolver.configured()
    }

    #[must_use]
    pub fn store(&self) -> &SeriesStore {
        &self.store
    }

    pub fn store_mut(&mut self) -> &mut SeriesStore {
        &mut self.store
    }

    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Lines of access logs to write.
    pub fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    #[must_use]
    pub fn stats(&self) -> Stats {
        stats::gather(self)
    }

    fn configure(&mut self, settings: &NodeSettings) {
        self.settings.clone_from(settings);
        self.store.configure(settings);
        self.journal.configure(settings.access_log_rate);
    }

    fn expire(&mut self, now: Monotonic) {
        if self.store.epoch_is_over(now) {
            let live = self.connections.stages().filter_map(Stage::held);
            self.store.turn_epoch(now, live);
        }
        let mut living = None;
        let resolver = &self.resolver;
        // Most of the time nothing is idle long enough to expire.
        let mut is_alive = |named: Mention<'_>| {
            let living = living.get_or_insert_with(|| resolver.living());
            match named {
                Mention::Workload(workload) => living.has_workload(workload),
                Mention::Pod(pod) => living.has_pod(&pod.uid),
                Mention::TagSource(TagSource { pod, peer }) => {
                    living.has_configured(*pod) && peer.as_ref().is_none_or(|peer| living.has_pod(&peer.uid))
                }
            }
        };
        self.store.expire(now, &mut is_alive);
    }

    /// Gives series of their own to the best candidates of the pass.
    fn choose(&mut self, now: Monotonic) {
        for id in self.candidates.take() {
            let (connections, mut recorder) = self.recorder(now);
            if let Some(entry) = connections.get_mut(id) {
                stage::chosen(entry, &mut recorder);
            }
        }
    }

    fn recorder(&mut self, now: Monotonic) -> (&mut Connections<Stage>, Recorder<'_>) {
        let Options { long_connection_threshold: long, wall_clock_offset, .. } = self.options;
        let recorder = Recorder {
            store: &mut self.store,
            candidates: &mut self.candidates,
            resolver: &self.resolver,
            journal: &mut self.journal,
            live: &mut self.live,
            expression_errors: &mut self.counts.expression_errors,
            long,
            wall_clock_offset,
            now,
            #[cfg(test)]
            collected: &mut self.collected,
        };
        (&mut self.connections, recorder)
    }
}
