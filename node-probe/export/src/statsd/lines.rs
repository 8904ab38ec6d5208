//! The lines of one label set in one family.

mod histogram;

use super::escape::escape;
use super::flavor::{Head, Value, write_line};
use super::labels::write_labels;
use super::memory::{Commit, Key, Memory};
use super::packet::{Of, Packing};
use super::{Baseline, Histograms, Options};
use histogram::escaped_bounds;
use longwire_model::series::{DIRECTION, DIRECTIONS, Family, REASON};
use longwire_pipeline::metrics::{Reading, Series};
use longwire_pipeline::record::FailReason;

/// Longest line, in bytes. statsd_exporter hangs up on a stream with one of 4,096.
const MAX_LINE: usize = 4_000;
/// Most that one line says: all receivers are exact up to here. The rest follows in the next flush.
const MAX_COUNT: u64 = 1 << 53;

/// A label more than those of the label set, its value escaped.
type More<'a> = Option<(&'static str, &'a [u8])>;

#[derive(Debug)]
pub(super) struct Lines<'a> {
    family: &'a Family,
    options: &'a Options,
    baseline: &'a Baseline,
    memory: &'a mut Memory,
    packing: &'a mut Packing,
    too_long: &'a mut u64,
    /// Of the label set, once one of its lines is written.
    labels: &'a mut Vec<u8>,
    has_labels: bool,
    /// Of its buckets, escaped.
    bounds: Vec<Vec<u8>>,
    written: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(
        family: &'a Family,
        options: &'a Options,
        (baseline, memory): (&'a Baseline, &'a mut Memory),
        packing: &'a mut Packing,
        (labels, too_long): (&'a mut Vec<u8>, &'a mut u64),
    ) -> Self {
        let bounds = escaped_bounds(family, options.flavor);
        Self { family, options, baseline, memory, packing, too_long, labels, has_labels: false, bounds, written: 0 }
    }

    /// Packs what is new of a label set, and returns its bytes.
    pub(super) fn write(&mut self, series: &Series<'_>) -> usize {
        (self.has_labels, self.written) = (false, 0);
        match series.reading() {
            Reading::Absent => {}
            Reading::Counter(value) => self.count(series, Key::new(self.family.metric, 0), value, ("", None)),
            Reading::Gauge(value) => self.gauge(series, value),
            Reading::Directions(bytes) => {
                for (at, (direction, bytes)) in DIRECTIONS.iter().zip(bytes).enumerate() {
                    self.part(series, at, bytes, (DIRECTION, direction));
                }
            }
            Reading::Reasons(counts) => {
                let counted = FailReason::ALL.iter().zip(counts).enumerate();
                for (at, (reason, count)) in counted.filter(|(_, (_, count))| **count != 0) {
                    self.part(series, at, *count, (REASON, reason.name()));
                }
            }
            Reading::Histogram(histogram) => match self.options.histograms {
                Histograms::Buckets => self.aggregate(series, histogram),
                Histograms::Timers => self.times(series, histogram),
            },
        }
        self.written
    }

    /// One of the lines of a counter that has several, by one more label.
    fn part(&mut self, series: &Series<'_>, at: usize, value: u64, (name, text): (&'static str, &str)) {
        let mut escaped = Vec::new();
        escape(text, self.options.flavor, &mut escaped);
        self.count(series, Key::new(self.family.metric, at), value, ("", Some((name, &escaped))));
    }

    fn count(&mut self, series: &Series<'_>, key: Key, value: u64, more: (&'static str, More<'_>)) {
        self.add(series, (key, value), Value::Count, more);
    }

    /// A line with what is new in a counter, if anything is.
    fn add(
        &mut self,
        series: &Series<'_>,
        (key, value): (Key, u64),
        new: impl Fn(u64) -> Value,
        more: (&'static str, More<'_>),
    ) {
        let Some(sent) = self.sent(series, key, value, value) else { return };
        let delta = (value - sent).min(MAX_COUNT);
        if delta != 0 {
            self.push(series, Commit { id: series.id(), key, to: sent + delta, sum: 0 }, new(delta), more);
        }
    }

    /// `None`: the first flush takes this value as sent.
    fn sent(&mut self, series: &Series<'_>, key: Key, value: u64, at_most: u64) -> Option<u64> {
        let id = series.id();
        if self.baseline.has(id) && self.memory.last(id, key).is_none() {
            self.memory.assume(id, key, value);
            return None;
        }
        Some(self.memory.sent(id, key, at_most))
    }

    fn push(&mut self, series: &Series<'_>, commit: Commit, value: Value, (suffix, more): (&'static str, More<'_>)) {
        let line = self.line(series, value, suffix, more);
        if self.is_writable(&line) {
            self.memory.offer(&commit);
            self.packing.push(&line, Of::Counter(commit));
        }
    }

    /// A sign would make a gauge relative, except for Datadog's agent: with a 0 before it all get the same.
    fn gauge(&mut self, series: &Series<'_>, value: i64) {
        let line = self.line(series, Value::Gauge(value), "", None);
        if !self.is_writable(&line) {
            return;
        }
        if value < 0 {
            let zero = self.line(series, Value::Gauge(0), "", None);
            self.packing.push_pair([&zero, &line], Of::Gauge);
        } else {
            self.packing.push(&line, Of::Gauge);
        }
    }

    fn is_writable(&mut self, line: &[u8]) -> bool {
        let is_writable = line.len() <= MAX_LINE;
        self.written += line.len();
        *self.too_long += u64::from(!is_writable);
        is_writable
    }

    fn line(&mut self, series: &Series<'_>, value: Value, suffix: &'static str, more: More<'_>) -> Vec<u8> {
        let flavor = self.options.flavor;
        if !self.has_labels {
            write_labels(self.family, series, flavor, self.labels);
            self.has_labels = true;
        }
        let (prefix, name) = (self.options.prefix.as_str(), self.family.name);
        let head = Head { prefix, name, suffix, labels: self.labels, more };
        let mut line = Vec::with_capacity(self.labels.len() + 128);
        write_line(&head, value, flavor, &mut line);
        line
    }
}
