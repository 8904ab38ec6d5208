//! The three dialects, where they differ.

use super::labels::begin_tag;
use super::timers::rate;
use crate::number::{write_seconds, write_signed, write_unsigned};
use longwire_model::exporter::Flavor;

/// All of a line but its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) prefix: &'a str,
    pub(super) name: &'static str,
    pub(super) suffix: &'static str,
    pub(super) labels: &'a [u8],
    /// A label more, its value escaped.
    pub(super) more: Option<(&'static str, &'a [u8])>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// New, of a counter.
    Count(u64),
    /// New seconds of a sum, in microseconds.
    Sum(u64),
    Gauge(i64),
    /// So many observations of about so many microseconds.
    Times(u64, u64),
}

pub(super) fn write_line(head: &Head<'_>, value: Value, flavor: Flavor, out: &mut Vec<u8>) {
    if !head.prefix.is_empty() {
        out.extend_from_slice(head.prefix.as_bytes());
        out.push(b'.');
    }
    out.extend_from_slice(head.name.as_bytes());
    out.extend_from_slice(head.suffix.as_bytes());
    match flavor {
        Flavor::Statsd | Flavor::Graphite => {
            write_all_labels(head, flavor, out);
            out.push(b':');
            write_value(value, flavor, out);
        }
        Flavor::Dogstatsd => {
            out.push(b':');
            write_value(value, flavor, out);
            let mut tags = Vec::with_capacity(head.labels.len() + 32);
            write_all_labels(head, flavor, &mut tags);
            if !tags.is_empty() {
                out.extend_from_slice(b"|#");
                out.append(&mut tags);
            }
        }
    }
}

fn write_all_labels(head: &Head<'_>, flavor: Flavor, out: &mut Vec<u8>) {
    out.extend_from_slice(head.labels);
    if let Some((name, value)) = head.more {
        begin_tag(name, flavor, out);
        out.extend_from_slice(value);
    }
}

fn write_value(value: Value, flavor: Flavor, out: &mut Vec<u8>) {
    match (value, flavor) {
        (Value::Count(count), _) => {
            write_unsigned(count, out);
            out.extend_from_slice(b"|c");
        }
        (Value::Sum(micros), _) => {
            write_micros_as_seconds(micros, out);
            out.extend_from_slice(b"|c");
        }
        (Value::Gauge(value), _) => {
            write_signed(value, out);
            out.extend_from_slice(b"|g");
        }
        // A distribution has no unit: the name says seconds.
        (Value::Times(count, micros), Flavor::Dogstatsd) => {
            write_micros_as_seconds(micros, out);
            out.extend_from_slice(b"|d");
            write_rate(count, out);
        }
        (Value::Times(count, micros), Flavor::Statsd | Flavor::Graphite) => {
            let [whole, part] = [micros / 1_000, micros % 1_000];
            write_seconds((whole, part as u32 * 1_000_000), out);
            out.extend_from_slice(b"|ms");
            write_rate(count, out);
        }
    }
}

fn write_micros_as_seconds(micros: u64, out: &mut Vec<u8>) {
    write_seconds((micros / 1_000_000, (micros % 1_000_000) as u32 * 1_000), out);
}

/// Without an exponent, which statsd does not read.
fn write_rate(count: u64, out: &mut Vec<u8>) {
    if count > 1 {
        out.extend_from_slice(format!("|@{}", rate(count)).as_bytes());
    }
}
