use super::*;
use longwire_export::access_log::samples::record;
use longwire_model::access_log::{LogEvent, LogFormat};
use longwire_pipeline::event::ConnectionId;
use std::sync::Mutex;

fn line(number: u64) -> LogRecord {
    LogRecord { id: ConnectionId::Local(number), ..record(LogEvent::Close, LogFormat::Json) }
}

fn journal(numbers: std::ops::Range<u64>) -> Journal {
    let mut journal = Journal::default();
    journal.put_back(numbers.map(line).collect());
    journal
}

/// The reader of the lines: it may have stopped, or be gone.
#[derive(Clone, Default)]
struct Reader {
    read: Arc<Mutex<Vec<u8>>>,
    stopped: Arc<Mutex<()>>,
    gone: bool,
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _stopped = self.stopped.lock().unwrap();
        if self.gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.read.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ids of the lines that were read.
fn ids(reader: &Reader) -> Vec<String> {
    let text = String::from_utf8(reader.read.lock().unwrap().clone()).unwrap();
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    text.lines().map(id).collect()
}

#[test]
fn all_lines_are_written_in_order_before_the_thread_ends() {
    let reader = Reader::default();
    let (lines, thread) = Lines::start(reader.clone(), Arc::default()).unwrap();
    lines.hand_over(&mut journal(0..3_000));
    lines.hand_over(&mut journal(3_000..3_010));
    drop(lines);
    thread.join().unwrap();
    let expected: Vec<String> = (0..3_010).map(|number| format!("local-{number}")).collect();
    assert_eq!(ids(&reader), expected);
}

#[test]
fn a_save_waits_for_lines_but_not_for_a_reader_that_stopped() {
    let (reader, mut in_vain) = (Reader::default(), Some(Instant::now()));
    let (lines, thread) = Lines::start(reader.clone(), Arc::default()).unwrap();
    lines.hand_over(&mut journal(0..10));
    // On a busy machine one wait may be too short, and then it says so.
    while in_vain.take().is_some() {
        lines.settle(&mut in_vain, || true);
    }
    assert_eq!(ids(&reader).len(), 10);
    let stopped = reader.stopped.lock().unwrap();
    lines.hand_over(&mut journal(10..20));
    let began = Instant::now();
    lines.settle(&mut in_vain, || true);
    let waited = began.elapsed();
    assert!(waited >= PATIENCE && in_vain.is_some());
    // The saves of the next moments do not wait.
    let waits = |in_vain: &mut Option<Instant>| {
        let mut looks = 0;
        lines.settle(in_vain, || {
            looks += 1;
            true
        });
        looks > 1
    };
    // One may, for each second that a busy machine stalls this thread.
    let waiting = (0..100).filter(|_| waits(&mut in_vain)).count();
    assert!(waiting < 50, "{waiting} of 100 saves wait for a reader that has stopped");
    drop((stopped, lines));
    thread.join().unwrap();
    assert_eq!(ids(&reader).len(), 20);
}

#[test]
fn a_save_waits_for_what_the_queue_had_no_room_for() {
    let reader = Reader::default();
    let stopped = reader.stopped.lock().unwrap();
    let (lines, thread) = Lines::start(reader.clone(), Arc::default()).unwrap();
    let all = 2 * BATCHES * BATCH;
    let mut journal = journal(0..all as u64);
    lines.hand_over(&mut journal);
    assert!(!journal.is_empty());
    drop(stopped);
    let enough = Instant::now() + Duration::from_secs(60);
    let mut is_empty = false;
    // A slow machine needs several of them.
    while !is_empty && Instant::now() < enough {
        lines.settle(&mut None, || {
            lines.hand_over(&mut journal);
            is_empty = journal.is_empty();
            is_empty
        });
    }
    drop(lines);
    thread.join().unwrap();
    assert_eq!(ids(&reader).len(), all);
}

#[test]
fn what_finds_the_queue_full_stays_in_the_journal_and_in_order() {
    let reader = Reader::default();
    let stopped = reader.stopped.lock().unwrap();
    let (lines, thread) = Lines::start(reader.clone(), Arc::default()).unwrap();
    let mut number = 0;
    let mut left = loop {
        let mut journal = journal(number..number + 1);
        lines.hand_over(&mut journal);
        number += 1;
        if !journal.is_empty() {
            break journal;
        }
        assert!(number <= BATCHES as u64 + 2, "the queue is not bounded");
    };
    drop(stopped);
    while !left.is_empty() {
        lines.hand_over(&mut left);
    }
    drop(lines);
    thread.join().unwrap();
    let expected: Vec<String> = (0..number).map(|number| format!("local-{number}")).collect();
    assert_eq!(ids(&reader), expected);
}

#[test]
fn lines_that_cannot_be_written_are_counted() {
    let reader = Reader { gone: true, ..Reader::default() };
    let (lines, thread) = Lines::start(reader, Arc::default()).unwrap();
    let progress = lines.progress();
    lines.hand_over(&mut journal(0..7));
    drop(lines);
    thread.join().unwrap();
    assert_eq!(progress.failed(), 7);
}
