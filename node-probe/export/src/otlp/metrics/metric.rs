//! What a metric says beside its points.

use crate::otlp::wire::{framed_len, write_length, write_text, write_unsigned};
use longwire_model::series::{Family, Kind};

// Fields of `Metric`.
const NAME: u32 = 1;
const DESCRIPTION: u32 = 2;
const UNIT: u32 = 3;
const GAUGE: u32 = 5;
const SUM: u32 = 7;
const HISTOGRAM: u32 = 9;

/// Of `Gauge`, `Sum` and `Histogram`.
const DATA_POINTS: u32 = 1;
const TEMPORALITY: u32 = 2;
const IS_MONOTONIC: u32 = 3;

/// Of `AggregationTemporality`.
const DELTA: u64 = 1;
const CUMULATIVE: u64 = 2;

#[derive(Debug)]
pub(super) struct Metric {
    /// Name, description and unit.
    head: Vec<u8>,
    /// The field of its points, and what follows these.
    data: u32,
    tail: Vec<u8>,
    /// Its points are of what is new.
    pub(super) is_delta: bool,
}

impl Metric {
    /// `has_deltas`: where its values only grow, they are deltas.
    pub(super) fn of(family: &Family, has_deltas: bool) -> Self {
        // Prometheus would append `_total` to the name of a monotonic sum. So a counter without it, of Envoy's, is none, and such
        // sums are cumulative to all receivers.
        let is_monotonic = family.kind == Kind::Counter && family.name.ends_with("_total");
        let is_delta = has_deltas && (is_monotonic || matches!(family.kind, Kind::Histogram(_)));
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        write_text(NAME, family.name, &mut head);
        write_text(DESCRIPTION, family.help, &mut head);
        write_text(UNIT, unit(family.name), &mut head);
        let data = match family.kind {
            Kind::Counter => SUM,
            Kind::Gauge => GAUGE,
            Kind::Histogram(_) => HISTOGRAM,
        };
        if data != GAUGE {
            write_unsigned(TEMPORALITY, if is_delta { DELTA } else { CUMULATIVE }, &mut tail);
        }
        if is_monotonic {
            write_unsigned(IS_MONOTONIC, 1, &mut tail);
        }
        Self { head, data, tail, is_delta }
    }

    /// Its bytes with so many of points.
    pub(super) fn len(&self, points: usize) -> usize {
        self.head.len() + framed_len(points + self.tail.len())
    }

    /// As a field with this number.
    pub(super) fn write(&self, field: u32, points: &[u8], out: &mut Vec<u8>) {
        write_length(field, self.len(points.len()), out);
        out.extend_from_slice(&self.head);
        write_length(self.data, points.len() + self.tail.len(), out);
        out.extend_from_slice(points);
        out.extend_from_slice(&self.tail);
    }

    /// Points of a set of labels, each as a field.
    pub(super) fn write_point(parts: [&[u8]; 2], out: &mut Vec<u8>) {
        let [body, attributes] = parts;
        write_length(DATA_POINTS, body.len() + attributes.len(), out);
        out.extend_from_slice(body);
        out.extend_from_slice(attributes);
    }
}

/// None for a number of things: Prometheus would append another to the name.
fn unit(name: &str) -> &'static str {
    match name {
        _ if name.contains("_bytes") => "By",
        _ if name.contains("_seconds") => "s",
        _ => "",
    }
}
