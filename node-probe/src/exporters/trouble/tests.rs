use super::*;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log lines of level `info` and above, without times.
fn log_of(work: impl FnOnce()) -> Vec<String> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false);
    tracing::subscriber::with_default(subscriber.with_writer(move || writer.clone()).finish(), work);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn exporter() -> ExporterName {
    ExporterName::parse("logs").unwrap()
}

#[test]
fn a_failure_is_said_once_until_it_works_again() {
    let (mut trouble, exporter) = (Trouble::writing("access logs"), exporter());
    let log = log_of(|| {
        trouble.worked(&exporter);
        trouble.failed(&exporter, "disk full");
        trouble.failed(&exporter, "disk full");
        trouble.worked(&exporter);
        trouble.worked(&exporter);
        trouble.failed(&exporter, "disk gone");
    });
    let expected = [
        "WARN access logs cannot be written exporter=logs reason=\"disk full\"",
        "INFO access logs are written again exporter=logs",
        "WARN access logs cannot be written exporter=logs reason=\"disk gone\"",
    ];
    assert_eq!(log, expected);
}

#[test]
fn a_receiver_that_does_not_take_all_is_said_once_and_is_no_failure() {
    let (mut trouble, exporter) = (Trouble::sending("metrics"), exporter());
    let log = log_of(|| {
        trouble.failed(&exporter, "refused");
        trouble.partly(&exporter, "2 points rejected");
        trouble.partly(&exporter, "2 points rejected");
        trouble.worked(&exporter);
        trouble.partly(&exporter, "2 points rejected");
    });
    let expected = [
        "WARN metrics cannot be sent exporter=logs reason=\"refused\"",
        "INFO metrics are sent again exporter=logs",
        "WARN the receiver does not take all metrics exporter=logs reason=\"2 points rejected\"",
    ];
    assert_eq!(log, expected);
}
