use super::*;
use longwire_export::access_log::samples;
use longwire_model::access_log::{LogEvent, LogFormat, LogOutputs};
use longwire_model::exporter::LogFile;
use std::fs;
use tokio::sync::mpsc;

fn name(text: &str) -> ExporterName {
    ExporterName::parse(text).unwrap()
}

/// A line that its policy sends to these.
fn record(to: &[&str]) -> LogRecord {
    let mut record = samples::record(LogEvent::Close, LogFormat::Json);
    let mut telemetry = (*record.telemetry).clone();
    telemetry.access_log.as_mut().unwrap().outputs = LogOutputs::parse(to.iter().copied()).unwrap();
    record.telemetry = Arc::new(telemetry);
    record
}

fn follow(routes: &Routes, batch: &[LogRecord]) {
    routes.follow(batch, &mut LineWriter::default());
}

#[test]
fn a_line_goes_to_each_exporter_that_its_policy_names_and_to_no_other() {
    let (routes, counts) = (Routes::default(), Arc::<ExporterCounts>::default());
    let (first, mut of_first) = mpsc::channel(10);
    let (second, mut of_second) = mpsc::channel(10);
    routes.queue(&name("first"), first, Arc::clone(&counts));
    routes.queue(&name("second"), second, Arc::clone(&counts));
    follow(&routes, &[record(&["stdout"]), record(&["first"]), record(&["first", "second", "third"])]);
    let lines = |queue: &mut mpsc::Receiver<_>| std::iter::from_fn(|| queue.try_recv().ok()).count();
    assert_eq!((lines(&mut of_first), lines(&mut of_second)), (2, 1));
    routes.remove(&name("second"));
    follow(&routes, &[record(&["second"])]);
    assert_eq!((lines(&mut of_second), counts.queue_full.load(Relaxed)), (0, 0));
}

#[test]
fn what_finds_a_queue_full_is_counted_and_nobody_waits() {
    let (routes, counts) = (Routes::default(), Arc::<ExporterCounts>::default());
    let (queue, _queued) = mpsc::channel(2);
    routes.queue(&name("slow"), queue, Arc::clone(&counts));
    follow(&routes, &[record(&["slow"]), record(&["slow"]), record(&["slow"])]);
    assert_eq!(counts.queue_full.load(Relaxed), 1);
}

#[test]
fn lines_are_in_the_file_when_the_batch_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let (routes, counts) = (Routes::default(), Arc::<ExporterCounts>::default());
    let files = LogFiles::open(directory.path(), &name("log"), LogFile::default()).unwrap();
    routes.file(&name("log"), Some(files), Arc::clone(&counts));
    follow(&routes, &[record(&["log"]), record(&["stdout"]), record(&["log", "stdout"])]);
    let text = fs::read_to_string(directory.path().join("log.log")).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{text}");
    assert_eq!(counts.not_written.load(Relaxed), 0);
}

#[test]
fn lines_that_a_file_does_not_take_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (routes, counts) = (Routes::default(), Arc::<ExporterCounts>::default());
    let files = LogFiles::open(directory.path(), &name("log"), LogFile { max_bytes: 1, max_files: 2 }).unwrap();
    routes.file(&name("log"), Some(files), Arc::clone(&counts));
    // The rotation finds a directory in its way.
    follow(&routes, &[record(&["log"])]);
    fs::create_dir(directory.path().join("log.log.1")).unwrap();
    follow(&routes, &[record(&["log"]), record(&["log"])]);
    assert_eq!(counts.not_written.load(Relaxed), 2);
    fs::remove_dir(directory.path().join("log.log.1")).unwrap();
    follow(&routes, &[record(&["log"])]);
    assert_eq!(counts.not_written.load(Relaxed), 2);
    routes.file(&name("log"), None, Arc::clone(&counts));
    follow(&routes, &[record(&["log"])]);
    assert_eq!(counts.not_written.load(Relaxed), 3);
}
