//! Where lines of access logs go that a policy sends to exporters. The thread of access logs follows the routes.

use super::counts::ExporterCounts;
use super::trouble::Trouble;
use longwire_export::access_log::LineWriter;
use longwire_model::access_log::AccessLog;
use longwire_model::exporter::ExporterName;
use longwire_pipeline::log::LogRecord;
use longwire_send::file::LogFiles;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::mpsc::Sender;

/// By the name of the exporter.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<BTreeMap<ExporterName, Route>>);

#[derive(Debug)]
struct Route {
    to: To,
    counts: Arc<ExporterCounts>,
}

#[derive(Debug)]
enum To {
    /// Of a task that sends them.
    Queue(Sender<Arc<LogRecord>>),
    File(Box<File>),
    /// The file cannot be opened.
    Nowhere,
}

#[derive(Debug)]
struct File {
    name: ExporterName,
    files: LogFiles,
    text: Vec<u8>,
    lines: u64,
    trouble: Trouble,
}

impl Routes {
    pub(super) fn queue(&self, name: &ExporterName, queue: Sender<Arc<LogRecord>>, counts: Arc<ExporterCounts>) {
        self.0.lock().insert(name.clone(), Route { to: To::Queue(queue), counts });
    }

    /// `None`: it could not be opened.
    pub(super) fn file(&self, name: &ExporterName, files: Option<LogFiles>, counts: Arc<ExporterCounts>) {
        let file = |files| File {
            name: name.clone(),
            files,
            text: Vec::new(),
            lines: 0,
            trouble: Trouble::writing("access logs"),
        };
        let to = files.map_or(To::Nowhere, |files| To::File(Box::new(file(files))));
        self.0.lock().insert(name.clone(), Route { to, counts });
    }

    pub(super) fn remove(&self, name: &ExporterName) {
        self.0.lock().remove(name);
    }

    /// Writes lines to files, and queues those that tasks send. A line whose exporter is not there any more goes nowhere, because its
    /// policy does not name it for much longer either.
    pub(crate) fn follow(&self, batch: &[LogRecord], writer: &mut LineWriter) {
        let mut routes = self.0.lock();
        for record in batch {
            let Some(AccessLog { outputs, .. }) = &record.telemetry.access_log else { continue };
            if outputs.exporters().is_empty() {
                continue;
            }
            // One copy for all queues; files need none.
            let mut copy = None;
            for name in outputs.exporters() {
                if let Some(route) = routes.get_mut(name) {
                    route.take(record, &mut copy, writer);
                }
            }
        }
        routes.values_mut().for_each(Route::write);
    }
}

impl Route {
    fn take(&mut self, record: &LogRecord, copy: &mut Option<Arc<LogRecord>>, writer: &mut LineWriter) {
        match &mut self.to {
            To::Queue(queue) => {
                let copy = copy.get_or_insert_with(|| Arc::new(record.clone()));
                if queue.try_send(Arc::clone(copy)).is_err() {
                    self.counts.queue_full.fetch_add(1, Relaxed);
                }
            }
            To::File(file) => {
                writer.write(record, &mut file.text);
                file.lines += 1;
            }
            To::Nowhere => {
                self.counts.not_written.fetch_add(1, Relaxed);
            }
        }
    }

    fn write(&mut self) {
        let To::File(file) = &mut self.to else { return };
        if file.lines == 0 {
            return;
        }
        let outcome = file.files.write_all(&file.text);
        let lines = std::mem::take(&mut file.lines);
        file.text.clear();
        match outcome {
            Ok(()) => file.trouble.worked(&file.name),
            Err(error) => {
                self.counts.not_written.fetch_add(lines, Relaxed);
                file.trouble.failed(&file.name, &error.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests;
