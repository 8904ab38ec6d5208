//! State that the probe's threads share: the pipeline behind its lock, and their health.

use crate::access_log::Progress;
use crate::conntrack::ConntrackError;
use crate::exporters::Exports;
use crate::http::ScraperSlots;
use crate::kernel::Losses;
use crate::lag::Moments;
use crate::readers::Line;
use crate::removed::{Forget, Listeners};
use crate::start;
use longwire_endpoint::heartbeat::{Heartbeat, Heartbeats};
use longwire_endpoint::{Endpoint, Limits};
use longwire_export::exposition::Encoder;
use longwire_model::series::{PROBE_LOOP_DELAY, PROBE_LOOP_DURATION};
use longwire_pipeline::pipeline::Pipeline;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// The sampling thread counts as hung when it has given no sign of life for this long.
const SILENCE: Duration = Duration::from_secs(30);

pub(crate) struct Shared {
    pipeline: Mutex<Pipeline>,
    /// Of scrapes. Locked by who has the pipeline, never the other way round.
    pub(crate) encoder: Arc<Mutex<Encoder>>,
    /// Encoders that are told when a label set is removed.
    pub(crate) removed: Listeners,
    /// What exporters have done.
    pub(crate) exports: Exports,
    /// An update was applied.
    pub(crate) configured: Notify,
    /// Scrapes that are complete.
    pub(crate) scraped: watch::Sender<u64>,
    turn: Mutex<()>,
    losses: Mutex<BTreeMap<&'static str, u64>>,
    misses: Mutex<BTreeMap<&'static str, u64>>,
    /// Of the loops whose turns are measured.
    pub(crate) heartbeats: Heartbeats,
    /// Older connections are adopted, and all that they moved is in the counters.
    caught_up: AtomicBool,
    /// Why this node's kernel is unsupported; empty: it is supported.
    unsupported: OnceLock<String>,
    /// What was lost at the restart; empty: the probe has not started to count.
    restart_losses: OnceLock<start::Losses>,
    /// Set when all threads are to end.
    pub(crate) stop: AtomicBool,
    /// Messages to the operator were dropped: the stream is made again.
    pub(crate) resubscribe: Notify,
    /// Of the task with the live stream.
    pub(crate) live_turn: Arc<tokio::sync::Mutex<()>>,
    /// Connection to the operator for checks of readers.
    pub(crate) line: Arc<Line>,
    /// Numbers of the scrapers.
    pub(crate) scraper_slots: ScraperSlots,
    /// OpenMetrics has the start times of series.
    pub(crate) created_timestamps: bool,
    /// Limits and counters of the listeners.
    pub(crate) metrics: Arc<Endpoint>,
    pub(crate) health: Arc<Endpoint>,
    pub(crate) counters: Counters,
    /// When things happened last.
    pub(crate) lag: Moments,
    /// Of access logs.
    pub(crate) lines: Arc<Progress>,
}

/// Counters of the parts outside the pipeline.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) passes: AtomicU64,
    pub(crate) passes_cut: AtomicU64,
    /// Nanoseconds.
    pub(crate) pass_time: AtomicU64,
    /// The part of `pass_time` in the kernel, nanoseconds.
    pub(crate) walk_time: AtomicU64,
    /// Nanoseconds by which passes began after their due time, and passes that began later than a whole interval.
    pub(crate) pass_delay: AtomicU64,
    pub(crate) passes_delayed: AtomicU64,
    /// Operations that failed for lack of a file descriptor.
    pub(crate) searches_without_descriptor: AtomicU64,
    pub(crate) saves_without_descriptor: AtomicU64,
    pub(crate) streams_without_descriptor: AtomicU64,
    pub(crate) readings_without_descriptor: AtomicU64,
    pub(crate) processes_without_descriptor: AtomicU64,
    pub(crate) cgroups_without_descriptor: AtomicU64,
    pub(crate) conntrack_without_descriptor: AtomicU64,
    pub(crate) saves: AtomicU64,
    pub(crate) saves_failed: AtomicU64,
    /// Nanoseconds.
    pub(crate) save_time: AtomicU64,
    /// Size of the last saved state.
    pub(crate) saved_bytes: AtomicU64,
    /// Observations of a pod at the address of another one that still runs.
    pub(crate) observations_withheld: AtomicU64,
    /// What found the queue to another thread full: queries to conntrack, and reports to the operator.
    pub(crate) conntrack_queue_full: AtomicU64,
    pub(crate) operator_queue_full: AtomicU64,
    pub(crate) conntrack_errors: AtomicU64,
    /// Dumps of conntrack's whole table, for a connection outside zone 0, and how many found one.
    pub(crate) conntrack_searches: AtomicU64,
    pub(crate) conntrack_found: AtomicU64,
    pub(crate) streams: AtomicU64,
    pub(crate) connected: AtomicBool,
    pub(crate) updates: AtomicU64,
    pub(crate) updates_refused: AtomicU64,
    /// Bytes of the applied ones.
    pub(crate) update_bytes: AtomicU64,
}

impl Shared {
    pub(crate) fn new(mut pipeline: Pipeline) -> Self {
        let encoder = Arc::<Mutex<Encoder>>::default();
        let removed = Listeners::default();
        let forgets: Arc<Mutex<dyn Forget>> = Arc::clone(&encoder) as _;
        removed.add(&forgets);
        let listeners = removed.clone();
        pipeline.store_mut().when_removed(move |label_set| listeners.forget(label_set));
        let (duration, delay) = (PROBE_LOOP_DURATION, PROBE_LOOP_DELAY);
        let (duration, delay) = ((duration.name, duration.help), (delay.name, delay.help));
        let heartbeats = Heartbeats::new(duration, delay, &["sampler", "control", "http"]);
        Self {
            pipeline: Mutex::new(pipeline),
            encoder,
            removed,
            exports: Exports::default(),
            configured: Notify::new(),
            scraped: watch::Sender::new(0),
            turn: Mutex::default(),
            losses: Mutex::default(),
            misses: Mutex::default(),
            caught_up: AtomicBool::new(false),
            unsupported: OnceLock::new(),
            restart_losses: OnceLock::new(),
            stop: AtomicBool::new(false),
            resubscribe: Notify::new(),
            live_turn: Arc::default(),
            line: Arc::default(),
            scraper_slots: ScraperSlots::default(),
            created_timestamps: false,
            metrics: Endpoint::measured(Limits::METRICS, Arc::clone(heartbeats.of("http"))),
            health: Endpoint::new(Limits::HEALTH),
            counters: Counters::default(),
            lag: Moments::new(),
            lines: Arc::default(),
            heartbeats,
        }
    }

    pub(crate) fn with_created_timestamps(self, created_timestamps: bool) -> Self {
        Self { created_timestamps, ..self }
    }

    pub(crate) fn with_lines(self, lines: Arc<Progress>) -> Self {
        Self { lines, ..self }
    }

    /// Waits at most for a scrape's slice and half a millisecond, because the lock is fair to waiters.
    pub(crate) fn pipeline(&self) -> MutexGuard<'_, Pipeline> {
        self.pipeline.lock()
    }

    /// The owner of this lock may change the pipeline. The sampling thread keeps it while it saves.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock()
    }

    /// Of the sampling thread.
    pub(crate) fn sampling(&self) -> &Heartbeat {
        self.heartbeats.of("sampler")
    }

    /// Of the stream to the operator.
    pub(crate) fn controlling(&self) -> &Heartbeat {
        self.heartbeats.of("control")
    }

    pub(crate) fn caught_up(&self) {
        self.caught_up.store(true, Ordering::Release);
    }

    /// Until then a counter may be lower than a predecessor's.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Acquire)
    }

    pub(crate) fn passed(&self, nanoseconds: u64, complete: bool) {
        self.counters.pass_time.fetch_add(nanoseconds, Ordering::Relaxed);
        self.counters.passes_cut.fetch_add(u64::from(!complete), Ordering::Relaxed);
        self.counters.passes.fetch_add(1, Ordering::Relaxed);
    }

    /// A pass began this long after it was due.
    pub(crate) fn pass_began(&self, late: u64, interval: u64) {
        self.counters.pass_delay.fetch_add(late, Ordering::Relaxed);
        self.counters.passes_delayed.fetch_add(u64::from(late > interval), Ordering::Relaxed);
    }

    pub(crate) fn read_losses(&self, losses: &Losses) {
        let (misses, unread) = losses.misses();
        self.counters.readings_without_descriptor.fetch_add(unread, Ordering::Relaxed);
        let misses = misses.into_iter().map(|misses| (misses.program, misses.count));
        *self.losses.lock() = losses.read().into_iter().collect();
        // A counter that cannot be read keeps its last value.
        self.misses.lock().extend(misses);
    }

    pub(crate) fn started(&self, losses: start::Losses) {
        // Set once: a process starts once.
        let _ = self.restart_losses.set(losses);
    }

    /// What was lost at the restart.
    pub(crate) fn restart_losses(&self) -> start::Losses {
        self.restart_losses.get().copied().unwrap_or_default()
    }

    pub(crate) fn losses(&self) -> BTreeMap<&'static str, u64> {
        self.losses.lock().clone()
    }

    pub(crate) fn misses(&self) -> BTreeMap<&'static str, u64> {
        self.misses.lock().clone()
    }

    /// Counts each time and logs once, because a kernel that refuses one dump refuses all.
    pub(crate) fn conntrack_searched(&self, (searches, found): (u64, u64)) {
        self.counters.conntrack_searches.store(searches, Ordering::Relaxed);
        self.counters.conntrack_found.store(found, Ordering::Relaxed);
    }

    pub(crate) fn conntrack_failed(&self, error: &ConntrackError) {
        if self.counters.conntrack_errors.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(%error, "backends of Service addresses are unknown without conntrack");
        }
    }

    pub(crate) fn unhealthy(&self) -> Vec<String> {
        if self.sampling().silence().is_some_and(|silence| silence > SILENCE) {
            vec!["the sampling thread hangs".to_owned()]
        } else {
            Vec::new()
        }
    }

    /// The node is unsupported: the probe only waits for readers of the reason.
    pub(crate) fn cannot_watch(&self, reason: String) {
        // The first reason stays, because the kernel does not change while the probe runs.
        let _ = self.unsupported.set(reason);
    }

    /// Why this node's kernel is unsupported.
    pub(crate) fn unsupported(&self) -> Option<&str> {
        self.unsupported.get().map(String::as_str)
    }

    pub(crate) fn unready(&self) -> Vec<String> {
        if let Some(reason) = self.unsupported() {
            return vec![reason.to_owned()];
        }
        let mut reasons = self.unhealthy();
        if !self.is_caught_up() {
            reasons.push("connections older than the probe are not yet counted".to_owned());
        }
        if !self.pipeline().configured() {
            reasons.push("no configuration yet: is the operator reachable?".to_owned());
        }
        reasons
    }
}
