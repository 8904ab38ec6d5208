//! The samples of one family, up to a number of bytes.

use super::format::{Format, write_header};
use super::number::{write_seconds, write_signed, write_unsigned};
use crate::aggregate::{Histogram, Reading, Sets, Values};
use crate::record::FailReason;
use longwire_model::series::{Family, Kind, REASON};

/// How far a family has come.
#[derive(Debug)]
pub(super) struct Progress {
    slot: usize,
    /// Sets that came later are left for the next scrape: one that went and came back would be there twice.
    births: u64,
    has_header: bool,
    /// `,le="0.005"} `, and so on to infinity.
    bounds: Vec<Vec<u8>>,
}

/// Appends samples until there is `enough` in `out`, and says whether that was the last.
pub(super) fn render<K, V: Values>(
    family: &Family,
    sets: &Sets<K, V>,
    format: Format,
    progress: &mut Option<Progress>,
    enough: usize,
    out: &mut Vec<u8>,
) -> bool {
    let progress = progress.get_or_insert_with(|| Progress::new(family.kind, format, sets.births()));
    for (slot, set) in sets.since(progress.slot) {
        progress.slot = slot + 1;
        let reading = set.shown().read(family.metric);
        if reading.lines() == 0 || !set.was_born_by(progress.births) {
            continue;
        }
        if !progress.has_header {
            write_header(out, format, family.name, kind_word(family.kind), family.help);
            progress.has_header = true;
        }
        write_samples(family.name, set.labels(), reading, &progress.bounds, out);
        if out.len() >= enough {
            return false;
        }
    }
    true
}

impl Progress {
    fn new(kind: Kind, format: Format, births: u64) -> Self {
        let bounds = match kind {
            Kind::Counter | Kind::Gauge => &[],
            Kind::Histogram(bounds) => bounds,
        };
        let finite = bounds.iter().map(|bound| format.bound(*bound));
        let bounds = finite.chain(["+Inf".to_owned()]).map(|bound| format!(",le=\"{bound}\"}} ").into_bytes());
        Self { slot: 0, births, has_header: false, bounds: bounds.collect() }
    }
}

fn write_samples(name: &str, labels: &[u8], reading: Reading<'_>, bounds: &[Vec<u8>], out: &mut Vec<u8>) {
    match reading {
        Reading::Absent => {}
        Reading::Counter(value) => {
            write_series(name, "", labels, b"} ", out);
            write_unsigned(value, out);
            out.push(b'\n');
        }
        Reading::Gauge(value) => {
            write_series(name, "", labels, b"} ", out);
            write_signed(value, out);
            out.push(b'\n');
        }
        Reading::Reasons(counts) => write_reasons(name, labels, counts, out),
        Reading::Histogram(histogram) => write_histogram(name, labels, histogram, bounds, out),
    }
}

fn write_reasons(name: &str, labels: &[u8], counts: &[u64; FailReason::ALL.len()], out: &mut Vec<u8>) {
    for (reason, count) in FailReason::ALL.iter().zip(counts).filter(|(_, count)| **count != 0) {
        write_series(name, "", labels, b",", out);
        out.extend_from_slice(REASON.as_bytes());
        out.extend_from_slice(b"=\"");
        out.extend_from_slice(reason.name().as_bytes());
        out.extend_from_slice(b"\"} ");
        write_unsigned(*count, out);
        out.push(b'\n');
    }
}

fn write_histogram(name: &str, labels: &[u8], histogram: &Histogram, bounds: &[Vec<u8>], out: &mut Vec<u8>) {
    let mut all = 0;
    for (bound, count) in bounds.iter().zip(histogram.cumulative()) {
        write_series(name, "_bucket", labels, bound, out);
        write_unsigned(count, out);
        out.push(b'\n');
        all = count;
    }
    write_series(name, "_sum", labels, b"} ", out);
    write_seconds(histogram.sum(), out);
    out.push(b'\n');
    write_series(name, "_count", labels, b"} ", out);
    write_unsigned(all, out);
    out.push(b'\n');
}

fn write_series(name: &str, suffix: &str, labels: &[u8], end: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    out.extend_from_slice(labels);
    // A label set whose every label is left out.
    let end = if labels == b"{" { end.strip_prefix(b",").unwrap_or(end) } else { end };
    out.extend_from_slice(end);
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    }
}
