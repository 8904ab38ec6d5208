//! The lines of one label set in one family. Lines that are new to the scraper are at 0.

use crate::number::{write_seconds, write_signed, write_unsigned};
use longwire_model::identity::UnixNanos;
use longwire_model::series::{DIRECTION, DIRECTIONS, Metric, REASON};
use longwire_pipeline::metrics::{Histogram, Lines, Reading, Series, View};
use longwire_pipeline::record::{FailReason, Monotonic};

/// What the lines have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'static str,
    pub(super) labels: &'a [u8],
    /// Of a histogram's buckets.
    pub(super) bounds: &'a [Vec<u8>],
    /// The name of the sample with the time at which they began, and the wall clock less CLOCK_MONOTONIC.
    pub(super) created: Option<(&'a str, UnixNanos)>,
}

pub(super) fn write_samples(line: &Line<'_>, metric: Metric, series: &Series<'_>, view: &View, out: &mut Vec<u8>) {
    let unseen = series.unseen(view);
    let has_seen = !unseen.has(metric);
    match series.reading() {
        Reading::Absent => {}
        Reading::Counter(value) => {
            write_series(line, "", b"} ", out);
            write_unsigned(if has_seen { value } else { 0 }, out);
            out.push(b'\n');
            write_created(line, b"} ", || series.born(|lines| lines.has(metric)), out);
        }
        Reading::Gauge(value) => {
            write_series(line, "", b"} ", out);
            write_signed(value, out);
            out.push(b'\n');
        }
        Reading::Directions(bytes) => {
            for (direction, bytes) in DIRECTIONS.iter().zip(bytes) {
                let end = label(DIRECTION, direction);
                write_series(line, "", &end, out);
                write_unsigned(if has_seen { bytes } else { 0 }, out);
                out.push(b'\n');
                write_created(line, &end, || series.born(|lines| lines.has(metric)), out);
            }
        }
        Reading::Reasons(counts) => write_reasons(line, counts, series, unseen, out),
        Reading::Histogram(histogram) => {
            write_histogram(line, histogram, has_seen, out);
            write_created(line, b"} ", || series.born(|lines| lines.has(metric)), out);
        }
    }
}

fn write_reasons(
    line: &Line<'_>,
    counts: &[u64; FailReason::ALL.len()],
    series: &Series<'_>,
    unseen: Lines,
    out: &mut Vec<u8>,
) {
    for (at, (reason, count)) in FailReason::ALL.iter().zip(counts).enumerate().filter(|(_, (_, count))| **count != 0) {
        let end = label(REASON, reason.name());
        write_series(line, "", &end, out);
        write_unsigned(if unseen.has_reason(at) { 0 } else { *count }, out);
        out.push(b'\n');
        write_created(line, &end, || series.born(|lines| lines.has_reason(at)), out);
    }
}

/// The last label, and the end of the labels.
fn label(name: &str, value: &str) -> Vec<u8> {
    [",", name, "=\"", value, "\"} "].concat().into_bytes()
}

fn write_histogram(line: &Line<'_>, histogram: &Histogram, has_seen: bool, out: &mut Vec<u8>) {
    let mut all = 0;
    for (bound, count) in line.bounds.iter().zip(histogram.cumulative()) {
        let count = if has_seen { count } else { 0 };
        write_series(line, "_bucket", bound, out);
        write_unsigned(count, out);
        out.push(b'\n');
        all = count;
    }
    write_series(line, "_sum", b"} ", out);
    write_seconds(if has_seen { histogram.sum() } else { (0, 0) }, out);
    out.push(b'\n');
    write_series(line, "_count", b"} ", out);
    write_unsigned(all, out);
    out.push(b'\n');
}

/// Nothing, unless the format has such samples.
fn write_created(line: &Line<'_>, end: &[u8], at: impl Fn() -> Option<Monotonic>, out: &mut Vec<u8>) {
    let Some((name, offset)) = line.created else { return };
    let Some(at) = at() else { return };
    write_named(name, "", line.labels, end, out);
    let at = offset.saturating_add(at);
    write_seconds((at / 1_000_000_000, (at % 1_000_000_000) as u32), out);
    out.push(b'\n');
}

fn write_series(line: &Line<'_>, suffix: &str, end: &[u8], out: &mut Vec<u8>) {
    write_named(line.name, suffix, line.labels, end, out);
}

fn write_named(name: &str, suffix: &str, labels: &[u8], end: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    out.extend_from_slice(labels);
    // A label set whose every label is left out.
    let end = if labels == b"{" { end.strip_prefix(b",").unwrap_or(end) } else { end };
    out.extend_from_slice(end);
}
