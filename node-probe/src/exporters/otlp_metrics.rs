//! Metrics by OpenTelemetry's protocol: one export after the other.

use super::trouble::Trouble;
use super::{Context, LAST_EXPORT, SignalCounts};
use crate::kernel::{monotonic, realtime};
use crate::removed::Forget;
use bytes::Bytes;
use longwire_export::otlp::metrics::{Encoder, Export, Request, Temporality};
use longwire_model::exporter::{self, Otlp};
use longwire_pipeline::metrics::{Consumer, Snapshot};
use longwire_send::otlp::{Sender, Sent, Settings, SettingsError, Signal};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Bytes of a request before compression, below the limits of receivers: gRPC's is 4 MiB.
const MAX_REQUEST: usize = 2 << 20;
/// Bytes that are encoded while the pipeline's lock is held.
const SLICE: usize = 64 << 10;
/// How long an export is tried at least, however short the interval is. Then the next one has newer values.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts to read settings that are wrong: a Secret may come later.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

struct Exporting {
    context: Context,
    otlp: Otlp,
    encoder: Option<Arc<Mutex<Encoder>>>,
    sender: Option<(Settings, Sender)>,
    trouble: Trouble,
}

/// How an export went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The receiver has it, but for what it rejected.
    Taken,
    /// It does not want it.
    Refused,
    /// It does not answer: the rest would not reach it either.
    Unreachable,
}

pub(super) fn spawn(context: Context, otlp: &Otlp) -> JoinHandle<()> {
    let trouble = Trouble::sending("metrics");
    let mut exporting = Exporting { context, otlp: otlp.clone(), encoder: None, sender: None, trouble };
    if let Ok(settings) = exporting.context.settings(otlp, Signal::Metrics) {
        exporting.begin(&settings);
    }
    tokio::spawn(exporting.run())
}

impl Exporting {
    async fn run(mut self) {
        let mut due = Instant::now();
        loop {
            let interval = match self.settle() {
                Ok(interval) => interval,
                Err(error) => {
                    self.trouble.failed(&self.context.name, &error.to_string());
                    if self.context.sleep(BETWEEN_LOOKS).await {
                        return;
                    }
                    continue;
                }
            };
            // Of exports that are late, one is enough.
            due = (due + interval).max(Instant::now());
            let is_last = self.context.sleep(due.saturating_duration_since(Instant::now())).await;
            let until = Instant::now() + if is_last { LAST_EXPORT } else { interval.max(PATIENCE) };
            let end = self.context.end();
            if is_last {
                self.export(until).await;
                return;
            }
            tokio::select! {
                () = self.export(until) => {}
                () = end => {}
            }
        }
    }

    /// Reads the settings again, because a Secret may have changed. Returns the time between two exports.
    fn settle(&mut self) -> Result<Duration, SettingsError> {
        let settings = self.context.settings(&self.otlp, Signal::Metrics)?;
        self.begin(&settings);
        let interval = settings.interval;
        if self.sender.as_ref().is_none_or(|(known, _)| *known != settings) {
            let counts = self.context.counts.metrics.as_ref().map(|counts| Arc::clone(&counts.attempts));
            let sender = Sender::new(&settings)?.counting(counts.unwrap_or_default());
            self.sender = Some((settings, sender));
        }
        Ok(interval)
    }

    /// What is counted by now is not new to the receiver, when deltas are sent.
    fn begin(&mut self, settings: &Settings) {
        if self.encoder.is_some() {
            return;
        }
        let temporality = match settings.temporality {
            exporter::Temporality::Cumulative => Temporality::Cumulative,
            exporter::Temporality::Delta => Temporality::Delta { began: monotonic() },
        };
        let mut encoder = Encoder::new(self.context.origin(settings), temporality);
        if settings.temporality == exporter::Temporality::Delta {
            let pipeline = self.context.shared.pipeline();
            let mut export = Export::new(realtime(), pipeline.wall_clock_offset(), MAX_REQUEST);
            let mut unsent = Vec::new();
            while encoder.render(pipeline.store(), &mut export, SLICE, &mut unsent) {
                unsent.clear();
            }
        }
        let encoder = Arc::new(Mutex::new(encoder));
        let forgets: Arc<Mutex<dyn Forget>> = Arc::clone(&encoder) as _;
        self.context.shared.removed.add(&forgets);
        self.encoder = Some(encoder);
    }

    async fn export(&mut self, until: Instant) {
        let (Some(encoder), Some((settings, sender))) = (&self.encoder, &self.sender) else { return };
        let Some(counts) = &self.context.counts.metrics else { return };
        let (snapshot, mut export) = open(&self.context, settings.temporality);
        let (mut ready, mut is_whole, mut goes_on) = (Vec::new(), true, true);
        while goes_on {
            goes_on = {
                let pipeline = self.context.shared.pipeline();
                encoder.lock().render(pipeline.store(), &mut export, SLICE, &mut ready)
            };
            for mut request in ready.drain(..) {
                let (outcome, message) = send(sender, &mut request, until, counts).await;
                match (outcome, message) {
                    (Outcome::Taken, None) => self.trouble.worked(&self.context.name),
                    (Outcome::Taken, Some(message)) => self.trouble.partly(&self.context.name, &message),
                    (_, message) => self.trouble.failed(&self.context.name, &message.unwrap_or_default()),
                }
                match outcome {
                    Outcome::Taken => encoder.lock().accepted(request),
                    Outcome::Refused => is_whole = false,
                    Outcome::Unreachable => return,
                }
            }
            tokio::task::yield_now().await;
        }
        if is_whole {
            counts.delivered();
            self.context.shared.pipeline().store_mut().completed(&snapshot);
        }
    }
}

/// Values that are new to the receiver begin at 0, but for deltas, which do so anyway.
fn open(context: &Context, temporality: exporter::Temporality) -> (Snapshot, Export) {
    let mut pipeline = context.shared.pipeline();
    let by = Consumer::Exporter(context.name.as_str().into());
    let snapshot = pipeline.store_mut().open(Some(by), monotonic());
    let export = Export::new(realtime(), pipeline.wall_clock_offset(), MAX_REQUEST);
    let export = match temporality {
        exporter::Temporality::Cumulative => export.viewed(snapshot.view()),
        exporter::Temporality::Delta => export,
    };
    (snapshot, export)
}

async fn send(
    sender: &Sender,
    request: &mut Request,
    until: Instant,
    counts: &SignalCounts,
) -> (Outcome, Option<String>) {
    let sent = sender.send(Bytes::from(request.take_bytes()), until).await;
    counts.count(&sent);
    match sent {
        Sent::Accepted => (Outcome::Taken, None),
        Sent::Partly { message, .. } => (Outcome::Taken, Some(message)),
        Sent::Refused { message } => (Outcome::Refused, Some(message)),
        Sent::GaveUp { message } => (Outcome::Unreachable, Some(message)),
    }
}
