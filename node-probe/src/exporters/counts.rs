//! What exporters have done so far, for the self-metrics.

use crate::kernel::monotonic;
use crate::lag::since;
use longwire_model::exporter::{Exporter, ExporterName};
use longwire_model::live::ExportLag;
use longwire_send::otlp::{Counts, Sent};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Of one exporter, since it was first configured.
#[derive(Debug, Default)]
pub(crate) struct ExporterCounts {
    /// None: the exporter sends no such thing.
    pub(crate) metrics: Option<SignalCounts>,
    pub(crate) logs: Option<SignalCounts>,
    /// Records of access logs that came to nothing.
    pub(crate) queue_full: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) gave_up: AtomicU64,
    pub(crate) not_written: AtomicU64,
    /// Lines of statsd, all that were left out so far.
    pub(crate) too_long: AtomicU64,
    pub(crate) removed: AtomicU64,
}

/// Requests, or packets.
#[derive(Debug, Default)]
pub(crate) struct SignalCounts {
    pub(crate) accepted: AtomicU64,
    pub(crate) partial: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) gave_up: AtomicU64,
    /// Of its senders.
    pub(crate) attempts: Arc<Counts>,
    /// Data points or log records of requests that were accepted in part.
    pub(crate) rejected: AtomicU64,
    /// When a receiver last had everything, or this began: monotonic nanoseconds.
    delivered: AtomicU64,
}

/// Of all exporters that there are.
#[derive(Debug, Default)]
pub(crate) struct Exports(Mutex<BTreeMap<ExporterName, Arc<ExporterCounts>>>);

impl Exports {
    /// One with the same name and signals goes on counting.
    pub(crate) fn begin(&self, exporter: &Exporter) -> Arc<ExporterCounts> {
        let (metrics, logs) = (exporter.target.has_metrics(), exporter.target.has_logs());
        let mut all = self.0.lock();
        let known = all.get(&exporter.name).filter(|known| known.has(metrics, logs));
        let counts = known.cloned().unwrap_or_else(|| Arc::new(ExporterCounts::of(metrics, logs)));
        all.insert(exporter.name.clone(), Arc::clone(&counts));
        counts
    }

    pub(super) fn retain(&self, is_there: impl Fn(&ExporterName) -> bool) {
        self.0.lock().retain(|name, _| is_there(name));
    }

    pub(crate) fn all(&self) -> Vec<(ExporterName, Arc<ExporterCounts>)> {
        self.0.lock().iter().map(|(name, counts)| (name.clone(), Arc::clone(counts))).collect()
    }

    /// The exporter of metrics that is furthest behind.
    pub(crate) fn lag(&self, now: u64) -> Option<ExportLag> {
        let all = self.0.lock();
        let delivered = all.iter().filter_map(|(name, counts)| Some((name, counts.metrics.as_ref()?)));
        let delivered = delivered.map(|(name, counts)| (counts.delivered.load(Relaxed), name));
        let (then, name) = delivered.min()?;
        Some(ExportLag { exporter: name.as_str().to_owned(), age: since(then, now) })
    }
}

impl SignalCounts {
    fn begin() -> Self {
        Self { delivered: monotonic().into(), ..Self::default() }
    }

    /// The receiver has everything.
    pub(super) fn delivered(&self) {
        self.delivered.store(monotonic(), Relaxed);
    }

    pub(super) fn count(&self, sent: &Sent) {
        let (counter, rejected) = match sent {
            Sent::Accepted => (&self.accepted, 0),
            Sent::Partly { rejected, .. } => (&self.partial, *rejected),
            Sent::Refused { .. } => (&self.refused, 0),
            Sent::GaveUp { .. } => (&self.gave_up, 0),
        };
        counter.fetch_add(1, Relaxed);
        self.rejected.fetch_add(rejected, Relaxed);
    }
}

impl ExporterCounts {
    fn of(metrics: bool, logs: bool) -> Self {
        Self { metrics: metrics.then(SignalCounts::begin), logs: logs.then(SignalCounts::begin), ..Self::default() }
    }

    fn has(&self, metrics: bool, logs: bool) -> bool {
        self.metrics.is_some() == metrics && self.logs.is_some() == logs
    }
}
