//! Times of the last pass, the last configuration and the like, from which the probe's lag is computed. Monotonic nanoseconds.

use crate::kernel::monotonic;
use longwire_model::live::{BudgetUse, Lag};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// 0: it has not happened.
#[derive(Debug)]
pub(crate) struct Moments {
    started: u64,
    passed: AtomicU64,
    interval: AtomicU64,
    configured: AtomicU64,
    ring_used: AtomicU64,
    ring_size: AtomicU64,
}

impl Moments {
    /// The probe starts.
    pub(crate) fn new() -> Self {
        let zero = AtomicU64::default;
        Self {
            started: monotonic(),
            passed: zero(),
            interval: zero(),
            configured: zero(),
            ring_used: zero(),
            ring_size: zero(),
        }
    }

    /// A pass has ended.
    pub(crate) fn passed(&self, now: u64) {
        self.passed.store(now, Relaxed);
    }

    /// Passes begin at this interval, nanoseconds.
    pub(crate) fn pass_every(&self, interval: u64) {
        self.interval.store(interval, Relaxed);
    }

    /// An update of the configuration is applied.
    pub(crate) fn configured(&self, now: u64) {
        self.configured.store(now, Relaxed);
    }

    /// So many bytes of the ring buffer are taken, before it is read.
    pub(crate) fn ring(&self, (used, size): (u64, u64)) {
        self.ring_used.store(used, Relaxed);
        self.ring_size.store(size, Relaxed);
    }

    pub(crate) fn uptime(&self, now: u64) -> Duration {
        since(self.started, now)
    }

    /// Without exporters.
    pub(crate) fn read(&self, now: u64) -> Lag {
        let age = |moment: &AtomicU64| happened(moment).map(|then| since(then, now));
        Lag {
            pass: age(&self.passed),
            interval: happened(&self.interval).map(Duration::from_nanos),
            configuration: age(&self.configured),
            export: None,
        }
    }

    /// `None`: there is no ring buffer yet.
    pub(crate) fn ring_use(&self) -> Option<BudgetUse> {
        let limit = happened(&self.ring_size)?;
        Some(BudgetUse { name: "ringBytes".to_owned(), used: self.ring_used.load(Relaxed), limit })
    }
}

fn happened(moment: &AtomicU64) -> Option<u64> {
    Some(moment.load(Relaxed)).filter(|moment| *moment > 0)
}

pub(crate) fn since(then: u64, now: u64) -> Duration {
    Duration::from_nanos(now.saturating_sub(then))
}
