//! The thread that writes lines of access logs to standard output, and hands those of exporters on. The probe's own log goes to stderr.
//!
//! ```text
//! sampler: pipeline's journal --queue--> this thread: LineWriter -> stdout
//!                                              \----> Routes: files, queues of exporters
//! ```
//!
//! A save waits a moment until the lines before it are written. So a probe that is killed has not lost a line whose connection its
//! state has. Its successor reads records since the last save again, so it may repeat lines of some seconds, with the same ids.

use crate::exporters::Routes;
use longwire_export::access_log::LineWriter;
use longwire_pipeline::log::{Journal, LogRecord};
use std::io::{self, Write};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Batches of lines that wait to be written, and lines of each. As many as fit wait in the journal before them.
const BATCHES: usize = 16;
const BATCH: usize = 1_024;
/// How long a save waits for lines to be written. Their reader may have stopped.
const PATIENCE: Duration = Duration::from_millis(100);
/// After a wait in vain saves do not wait for so long. A table that is announced is saved many times a second.
const TRUST: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
/// Bytes of lines that are written at once.
const BUFFER: usize = 256 << 10;

/// The sampling thread's side.
#[derive(Debug)]
pub(crate) struct Lines {
    queue: SyncSender<Vec<LogRecord>>,
    progress: Arc<Progress>,
}

/// Lines since the begin.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    handed_over: AtomicU64,
    /// Or could not be; counted when a whole batch is.
    written: AtomicU64,
    failed: AtomicU64,
}

impl Lines {
    /// The thread ends when this is dropped and all lines are written.
    pub(crate) fn start<W: Write + Send + 'static>(to: W, routes: Arc<Routes>) -> io::Result<(Self, JoinHandle<()>)> {
        let (queue, batches) = mpsc::sync_channel(BATCHES);
        let progress = Arc::<Progress>::default();
        let seen = Arc::clone(&progress);
        let thread =
            Builder::new().name("access-log".to_owned()).spawn(move || write_all(&batches, &seen, to, &routes))?;
        Ok((Self { queue, progress }, thread))
    }

    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Never waits. What finds the queue full stays in the journal, which has room for some and counts what it drops.
    pub(crate) fn hand_over(&self, journal: &mut Journal) {
        while !journal.is_empty() {
            let batch = journal.take(BATCH);
            let lines = batch.len() as u64;
            self.progress.handed_over.fetch_add(lines, Ordering::Relaxed);
            if let Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) = self.queue.try_send(batch) {
                self.progress.handed_over.fetch_sub(lines, Ordering::Relaxed);
                journal.put_back(batch);
                return;
            }
        }
    }

    /// Waits a moment until all lines are written. `hand_over` returns whether the journal is empty then. `last_in_vain`: when such a
    /// wait was the last time too short.
    pub(crate) fn settle(&self, last_in_vain: &mut Option<Instant>, mut hand_over: impl FnMut() -> bool) {
        let (progress, began) = (&self.progress, Instant::now());
        let waits = last_in_vain.is_none_or(|last| last.elapsed() >= TRUST);
        loop {
            let is_all = hand_over();
            let is_behind = progress.written.load(Ordering::Acquire) < progress.handed_over.load(Ordering::Relaxed);
            if !waits || (is_all && !is_behind) {
                return;
            }
            if began.elapsed() >= PATIENCE {
                *last_in_vain = Some(Instant::now());
                return;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
    }
}

impl Progress {
    /// Lines that could not be written.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

fn write_all(batches: &Receiver<Vec<LogRecord>>, progress: &Progress, mut to: impl Write, routes: &Routes) {
    let (mut writer, mut text, mut is_failing) = (LineWriter::default(), Vec::with_capacity(BUFFER), false);
    for batch in batches {
        // They may wait for nobody, so they have theirs first.
        routes.follow(&batch, &mut writer);
        let (mut rendered, mut lines) = (batch.iter().filter(|record| is_for_stdout(record)).peekable(), 0);
        while let Some(record) = rendered.next() {
            // Half a line may stand there.
            if is_failing && text.is_empty() {
                text.push(b'\n');
            }
            writer.write(record, &mut text);
            lines += 1;
            if text.len() >= BUFFER || rendered.peek().is_none() {
                let outcome = to.write_all(&text).and_then(|()| to.flush());
                report(outcome, lines, progress, &mut is_failing);
                text.clear();
                lines = 0;
            }
        }
        progress.written.fetch_add(batch.len() as u64, Ordering::Release);
    }
}

fn is_for_stdout(record: &LogRecord) -> bool {
    record.telemetry.access_log.as_ref().is_some_and(|log| log.outputs.stdout)
}

/// One line of the probe's own log when writing begins to fail, and one when it works again.
fn report(outcome: io::Result<()>, lines: u64, progress: &Progress, is_failing: &mut bool) {
    let was_failing = mem::replace(is_failing, outcome.is_err());
    match outcome {
        Err(error) => {
            progress.failed.fetch_add(lines, Ordering::Relaxed);
            if !was_failing {
                tracing::warn!(%error, "lines of access logs cannot be written to stdout, and are dropped");
            }
        }
        Ok(()) if was_failing => tracing::info!("lines of access logs are written again"),
        Ok(()) => {}
    }
}

#[cfg(test)]
mod tests;
