//! What the threads of the probe share: the pipeline behind its lock, and how they are.

use crate::conntrack::ConntrackError;
use crate::kernel::{Losses, monotonic};
use longwire_pipeline::pipeline::Pipeline;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Without a turn of the sampling thread for this long, it hangs.
const SILENCE: u64 = 30_000_000_000;

pub(crate) struct Shared {
    pipeline: Mutex<Pipeline>,
    losses: Mutex<BTreeMap<&'static str, u64>>,
    misses: Mutex<BTreeMap<&'static str, u64>>,
    /// Monotonic time of the sampling thread's last turn; 0: none yet.
    pub(crate) heartbeat: AtomicU64,
    /// Every thread ends.
    pub(crate) stop: AtomicBool,
    /// Interest was dropped on the way to the operator: the stream starts anew.
    pub(crate) resubscribe: Notify,
    pub(crate) figures: Figures,
}

/// What the shell counts of itself.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) passes: AtomicU64,
    pub(crate) passes_cut: AtomicU64,
    /// Nanoseconds.
    pub(crate) pass_time: AtomicU64,
    pub(crate) conntrack_errors: AtomicU64,
    pub(crate) streams: AtomicU64,
    pub(crate) connected: AtomicBool,
    pub(crate) updates: AtomicU64,
    pub(crate) updates_refused: AtomicU64,
}

impl Shared {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self {
            pipeline: Mutex::new(pipeline),
            losses: Mutex::default(),
            misses: Mutex::default(),
            heartbeat: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            resubscribe: Notify::new(),
            figures: Figures::default(),
        }
    }

    /// A thread that panicked while it held the lock has left a pipeline that still counts; the process goes on to say so.
    pub(crate) fn pipeline(&self) -> MutexGuard<'_, Pipeline> {
        self.pipeline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn passed(&self, nanoseconds: u64, complete: bool) {
        self.figures.pass_time.fetch_add(nanoseconds, Ordering::Relaxed);
        self.figures.passes_cut.fetch_add(u64::from(!complete), Ordering::Relaxed);
        self.figures.passes.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn read_losses(&self, losses: &Losses) {
        let misses = losses.misses().into_iter().map(|misses| (misses.program, misses.count));
        *self.losses.lock().unwrap_or_else(PoisonError::into_inner) = losses.read().into_iter().collect();
        *self.misses.lock().unwrap_or_else(PoisonError::into_inner) = misses.collect();
    }

    pub(crate) fn losses(&self) -> BTreeMap<&'static str, u64> {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn misses(&self) -> BTreeMap<&'static str, u64> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counted each time, logged once: a kernel that refuses one question refuses them all.
    pub(crate) fn conntrack_failed(&self, error: &ConntrackError) {
        if self.figures.conntrack_errors.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(%error, "backends of Service addresses are unknown where conntrack cannot tell them");
        }
    }

    pub(crate) fn unhealthy(&self) -> Vec<String> {
        let last = self.heartbeat.load(Ordering::Relaxed);
        let silent = last != 0 && monotonic().saturating_sub(last) > SILENCE;
        if silent { vec!["the sampling thread hangs".to_owned()] } else { Vec::new() }
    }

    pub(crate) fn unready(&self) -> Vec<String> {
        let mut reasons = self.unhealthy();
        if self.figures.passes.load(Ordering::Acquire) == 0 {
            reasons.push("connections older than the probe are not yet adopted".to_owned());
        }
        if !self.pipeline().configured() {
            reasons.push("no configuration yet: is the operator reachable?".to_owned());
        }
        reasons
    }
}
