//! Access logs by OpenTelemetry's protocol: batches of what the thread of access logs has queued.

use super::trouble::Trouble;
use super::{Context, LAST_EXPORT};
use bytes::Bytes;
use longwire_export::otlp::logs::{Batch, Request};
use longwire_model::exporter::Otlp;
use longwire_pipeline::log::LogRecord;
use longwire_send::otlp::{Sender, Sent, Settings, SettingsError, Signal};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Records that wait: some MiB.
const QUEUE: usize = 8_192;
/// Bytes of a request before compression.
const MAX_REQUEST: usize = 512 << 10;
/// How long the first record of a request waits for others.
const DELAY: Duration = Duration::from_secs(1);
/// How long one request is tried. Meanwhile the queue fills.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two attempts to read settings that are wrong: a Secret may come later.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);
/// Between two readings of settings.
const TRUST: Duration = Duration::from_secs(60);

struct Exporting {
    context: Context,
    otlp: Otlp,
    sender: Option<(Settings, Sender)>,
    batch: Option<Batch>,
    read: Instant,
    trouble: Trouble,
}

pub(super) fn spawn(context: Context, otlp: &Otlp) -> (mpsc::Sender<Arc<LogRecord>>, JoinHandle<()>) {
    let (queue, queued) = mpsc::channel(QUEUE);
    let trouble = Trouble::sending("access logs");
    let (otlp, read) = (otlp.clone(), Instant::now());
    let exporting = Exporting { context, otlp, sender: None, batch: None, read, trouble };
    (queue, tokio::spawn(exporting.run(queued)))
}

impl Exporting {
    async fn run(mut self, mut queued: Receiver<Arc<LogRecord>>) {
        loop {
            let first = tokio::select! {
                biased;
                first = queued.recv() => first,
                () = self.context.end() => queued.try_recv().ok(),
            };
            let Some(first) = first else { return };
            while let Err(error) = self.settle() {
                self.trouble.failed(&self.context.name, &error.to_string());
                if self.context.sleep(BETWEEN_LOOKS).await {
                    return;
                }
            }
            self.send_batch(&first, &mut queued).await;
        }
    }

    /// Reads the settings again now and then, because a Secret may have changed.
    fn settle(&mut self) -> Result<(), SettingsError> {
        if self.sender.is_some() && self.read.elapsed() < TRUST {
            return Ok(());
        }
        let settings = self.context.settings(&self.otlp, Signal::Logs)?;
        self.read = Instant::now();
        self.batch.get_or_insert_with(|| Batch::new(self.context.origin(&settings), MAX_REQUEST));
        if self.sender.as_ref().is_none_or(|(known, _)| *known != settings) {
            let counts = self.context.counts.logs.as_ref().map(|counts| Arc::clone(&counts.attempts));
            let sender = Sender::new(&settings)?.counting(counts.unwrap_or_default());
            self.sender = Some((settings, sender));
        }
        Ok(())
    }

    async fn send_batch(&mut self, first: &LogRecord, queued: &mut Receiver<Arc<LogRecord>>) {
        let Some(mut batch) = self.batch.take() else { return };
        let mut full = batch.push(first);
        let until = Instant::now() + DELAY;
        while full.is_none() {
            let next = tokio::select! {
                biased;
                next = timeout_at(until, queued.recv()) => next.ok().flatten(),
                () = self.context.end() => queued.try_recv().ok(),
            };
            match next {
                Some(record) => full = batch.push(&record),
                None => break,
            }
        }
        for request in full.into_iter().chain(batch.finish()) {
            self.send(request).await;
        }
        self.batch = Some(batch);
    }

    async fn send(&mut self, request: Request) {
        let (Some((_, sender)), Some(counts)) = (&self.sender, &self.context.counts.logs) else { return };
        let Request { bytes, records } = request;
        let (bytes, records) = (Bytes::from(bytes), records as u64);
        let until = Instant::now() + if self.context.is_stopped() { LAST_EXPORT } else { PATIENCE };
        let sent = tokio::select! {
            sent = sender.send(bytes.clone(), until) => sent,
            // One more attempt.
            () = self.context.end(), if !self.context.is_stopped() => {
                sender.send(bytes, Instant::now() + LAST_EXPORT).await
            }
        };
        counts.count(&sent);
        match sent {
            Sent::Accepted => self.trouble.worked(&self.context.name),
            Sent::Partly { message, .. } => self.trouble.partly(&self.context.name, &message),
            Sent::Refused { message } => {
                self.context.counts.refused.fetch_add(records, Relaxed);
                self.trouble.failed(&self.context.name, &message);
            }
            Sent::GaveUp { message } => {
                self.context.counts.gave_up.fetch_add(records, Relaxed);
                self.trouble.failed(&self.context.name, &message);
            }
        }
    }
}
