//! The sampling thread, which writes kernel data to the pipeline: drains the ring, runs the passes, saves. It hands over
//! queries to conntrack, reports to the operator and lines of access logs, and waits for none of them, except that a save waits a moment for lines.

mod leftover;
mod search;

pub(crate) use search::Search;

use crate::access_log::Lines;
use crate::conntrack::ConntrackQueue;
use crate::kernel::{Kernel, KernelError, give_back, monotonic, realtime, shorten_slice};
use crate::live;
use crate::messages::{Messages, Report};
use crate::saver::Saver;
use crate::shared::Shared;
use leftover::Leftover;
use longwire_wire::message::Interest;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Records and samples applied under one lock, so that a scrape waits for one batch and not for a pass.
const BATCH: usize = 1024;
/// Poll interval of the ring while it is far from full.
const POLL: Duration = Duration::from_millis(50);
/// Walks of one pass: announces that found the ring full are retried in another walk. More than this means that
/// connections arrive faster than the ring drains.
const WALKS: u32 = 64;

/// The lower bound of --sample-interval, also for intervals that the operator configures, so that this thread never
/// spins.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// Delay of a pass after an edit or the begin of a watch, nanoseconds from the last pass: users look for the result, and a rollout
/// is many edits.
const AFTER_EDIT: u64 = 250_000_000;

pub(crate) struct Sampler {
    pub(crate) kernel: Kernel,
    pub(crate) conntrack: ConntrackQueue,
    pub(crate) messages: Messages,
    pub(crate) lines: Arc<Lines>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) saver: Saver,
    /// From the command line. The operator's configuration of the node overrides it.
    pub(crate) interval: Duration,
    pub(crate) search: Search,
}

/// The new due time after a change. Never moves a future pass into the past, because it would count as delayed.
fn moved(due: u64, changed: u64, now: u64) -> u64 {
    if changed < due { changed.max(now.min(due)) } else { changed }
}

impl Sampler {
    /// Runs until it is stopped, or until the kernel side fails.
    pub(crate) fn run(mut self) -> Result<(), KernelError> {
        if let Err(error) = shorten_slice() {
            tracing::debug!(%error, "other threads may wait longer for a pass");
        }
        // Nanoseconds that the last pass took.
        let mut took = 0;
        let (mut due, mut interval) = (monotonic(), self.interval(took));
        // Nanoseconds by which the next pass was due earlier, because the last one took longer than an interval.
        let (mut overrun, mut leftover) = (0, Leftover::default());
        let (mut applied, mut passed) = (self.changes(), 0);
        while !self.shared.stop.load(Ordering::Relaxed) {
            // A new interval applies to the current one too.
            let before = mem::replace(&mut interval, self.interval(took));
            let (now, changes) = (monotonic(), self.changes());
            if interval != before {
                due = moved(due, due.saturating_add(interval).saturating_sub(before), now);
            }
            if changes != applied {
                due = moved(due, due.min(AFTER_EDIT.saturating_add(passed)), now);
            }
            if now >= due {
                applied = changes;
                self.shared.pass_began((now - due).saturating_add(overrun), interval);
                self.shared.lag.pass_every(interval);
                self.pass()?;
                took = monotonic().saturating_sub(now);
                if leftover.is_due(self.shared.pipeline().pending()) {
                    give_back();
                }
                passed = monotonic();
                let next = due.saturating_add(interval);
                overrun = passed.saturating_sub(next);
                due = next.max(passed);
            }
            self.wait(due);
            self.drain();
            self.settle();
            self.saver.save_if_due(&mut self.kernel);
        }
        self.drain();
        self.saver.save(&mut self.kernel);
        Ok(())
    }

    /// Until the ring fills, but not beyond `due`, monotonic nanoseconds.
    fn wait(&self, due: u64) {
        let heartbeat = self.shared.sampling();
        heartbeat.waits();
        let began = monotonic();
        let left = Duration::from_nanos(due.saturating_sub(began)).min(POLL);
        self.kernel.wait(left);
        heartbeat.wakes(Some(Duration::from_nanos(monotonic() - began).saturating_sub(left)));
    }

    /// Edits of telemetry, and changes of what is watched: for both somebody waits.
    fn changes(&self) -> (u64, u64) {
        let pipeline = self.shared.pipeline();
        (pipeline.edits(), pipeline.live().changes())
    }

    /// Nanoseconds between two passes. `took`: the last one.
    fn interval(&self, took: u64) -> u64 {
        let pipeline = self.shared.pipeline();
        let configured = pipeline.settings().reporting_interval;
        let interval = configured.map_or(self.interval, |configured| configured.max(MIN_INTERVAL));
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        if pipeline.live().is_on() { live::faster(interval, took) } else { interval }
    }

    /// Samples every live connection once. Samples do not come through the ring, so some of the ring is read after
    /// each batch of them.
    fn pass(&mut self) -> Result<(), KernelError> {
        let started = monotonic();
        self.drain();
        {
            let mut pipeline = self.shared.pipeline();
            // Nodes may boot with a wrong clock and correct it later.
            pipeline.set_clock(realtime().saturating_sub(monotonic()));
            pipeline.begin_pass(started);
        }
        self.kernel.begin_pass();
        let mut left = u32::MAX;
        for _ in 0..WALKS {
            self.walk(started)?;
            self.drain();
            left = self.kernel.left();
            if left == 0 {
                break;
            }
            self.saver.save(&mut self.kernel);
        }
        self.read_fallback();
        let ended = monotonic();
        self.shared.pipeline().end_pass(left == 0, ended);
        self.shared.lag.passed(ended);
        self.shared.passed(ended - started, left == 0);
        self.shared.read_losses(self.kernel.losses());
        self.search()?;
        self.saver.save(&mut self.kernel);
        self.shared.caught_up();
        Ok(())
    }

    fn walk(&mut self, now: u64) -> Result<(), KernelError> {
        let mut in_kernel = 0;
        self.kernel.begin_walk();
        loop {
            let began = monotonic();
            let Some(samples) = self.kernel.sample()? else { break };
            in_kernel += monotonic() - began;
            {
                let mut pipeline = self.shared.pipeline();
                pipeline.samples(samples, now);
                self.lines.hand_over(pipeline.journal_mut());
            }
            self.shared.sampling().beats();
            self.drain_some();
            self.saver.save_if_due(&mut self.kernel);
            // On a full machine others would wait for this thread's whole slice.
            thread::yield_now();
        }
        self.shared.counters.walk_time.fetch_add(in_kernel, Ordering::Relaxed);
        Ok(())
    }

    /// Searches for connections whose beginning the programs missed. The next pass announces them.
    fn search(&mut self) -> Result<(), KernelError> {
        let (misses, began) = (self.shared.misses().values().sum(), monotonic());
        if !self.search.is_due(misses, began) {
            return Ok(());
        }
        let (searched, missing) = self.kernel.search();
        self.shared.counters.searches_without_descriptor.fetch_add(missing, Ordering::Relaxed);
        match searched {
            Err(error) if error.is_for_want_of_descriptors() => Ok(()),
            searched => {
                self.search.done(misses, began, monotonic());
                searched
            }
        }
    }

    /// Reads all records that are in the ring now. Not those that come meanwhile: a machine too slow for them would never
    /// finish a pass.
    fn drain(&mut self) {
        let end = self.kernel.produced();
        self.shared.lag.ring(self.kernel.ring_use());
        while self.kernel.position().ring < end && self.drain_some() {
            self.shared.sampling().beats();
        }
    }

    /// Reads a batch of records. Returns whether there may be more.
    fn drain_some(&mut self) -> bool {
        let mut pipeline = self.shared.pipeline();
        let now = monotonic();
        let read = self.kernel.read(BATCH, |bytes| pipeline.ingest(bytes, now));
        self.lines.hand_over(pipeline.journal_mut());
        read == BATCH
    }

    fn read_fallback(&mut self) {
        let now = monotonic();
        let pipeline = &self.shared;
        self.kernel.read_fallback(
            |close| pipeline.pipeline().ingest(close, now),
            |key, sums| pipeline.pipeline().ingest_folded(key, sums, now),
        );
    }

    /// Handles timeouts and expiry, takes conntrack's answers, and hands over the pipeline's queries and reports.
    fn settle(&mut self) {
        // Before the timeouts, because a pass may take longer than a query waits.
        for answers in self.conntrack.answers().chunks(BATCH) {
            let (mut pipeline, now) = (self.shared.pipeline(), monotonic());
            answers.iter().for_each(|answer| pipeline.backend(answer.token, answer.backend, now));
        }
        let (queries, announce_again, crossings) = {
            let mut pipeline = self.shared.pipeline();
            pipeline.tick(monotonic());
            self.lines.hand_over(pipeline.journal_mut());
            let crossings = pipeline.store_mut().take_crossings();
            (pipeline.queries(), pipeline.wants_reannounce(), crossings)
        };
        if announce_again {
            self.kernel.announce_again();
        }
        let counters = &self.shared.counters;
        let refused = self.conntrack.push(queries.backends);
        counters.conntrack_queue_full.fetch_add(refused as u64, Ordering::Relaxed);
        let interest = Interest { add: queries.addresses, drop: queries.forget };
        let is_taken = self.messages.report(Report { interest, observations: queries.observations, crossings });
        counters.operator_queue_full.fetch_add(u64::from(!is_taken), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
