//! The data points of one label set in one family.

use super::Clock;
use super::metric::Metric;
use super::values::{Observations, Values};
use crate::otlp::wire::{write_fixed, write_packed, write_text_attribute};
use longwire_model::identity::UnixNanos;
use longwire_model::series::{DIRECTION, DIRECTIONS, Family, Kind, REASON};
use longwire_pipeline::metrics::Series;
use longwire_pipeline::record::{FailReason, Monotonic};

// Fields of `NumberDataPoint` and `HistogramDataPoint`.
const START_TIME: u32 = 2;
const TIME: u32 = 3;
const AS_INT: u32 = 6;
const ATTRIBUTES_OF_NUMBER: u32 = 7;
const COUNT: u32 = 4;
const SUM: u32 = 5;
const BUCKET_COUNTS: u32 = 6;
const EXPLICIT_BOUNDS: u32 = 7;
const ATTRIBUTES_OF_HISTOGRAM: u32 = 9;

/// When points begin.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    /// Each with its line.
    Birth,
    At(UnixNanos),
}

/// Those of one label set, and room to write them.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) bytes: Vec<u8>,
    pub(super) count: usize,
    body: Vec<u8>,
    attributes: Vec<u8>,
}

/// What they are of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) family: &'a Family,
    pub(super) series: &'a Series<'a>,
    pub(super) clock: Clock,
}

impl Subject<'_> {
    /// `None`: not known, or a gauge. `reason`: by its place in [`FailReason::ALL`].
    fn born(&self, reason: Option<usize>) -> Option<Monotonic> {
        self.series.born(|lines| reason.map_or_else(|| lines.has(self.family.metric), |at| lines.has_reason(at)))
    }

    /// Of the first of these values.
    pub(super) fn first_born(&self, values: &Values) -> Option<Monotonic> {
        match values {
            Values::Counter(_) | Values::Directions(_) | Values::Histogram(_) => self.born(None),
            Values::Reasons(_) => (0..FailReason::ALL.len()).filter_map(|at| self.born(Some(at))).min(),
        }
    }

    /// A point whose beginning is not known begins at its own time: so the protocol says it.
    fn start(&self, start: Start, reason: Option<usize>) -> UnixNanos {
        match start {
            Start::Birth => self.born(reason).map_or(self.clock.now, |born| self.clock.at(born)),
            Start::At(time) => time,
        }
    }
}

impl Points {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    pub(super) fn write_gauge(&mut self, of: &Subject<'_>, value: i64) {
        self.write_attributes(of, ATTRIBUTES_OF_NUMBER);
        self.write_number(0, of.clock.now, value);
    }

    pub(super) fn write(&mut self, of: &Subject<'_>, values: &Values, start: Start) {
        match values {
            Values::Counter(value) => {
                self.write_attributes(of, ATTRIBUTES_OF_NUMBER);
                self.write_number(of.start(start, None), of.clock.now, integer(*value));
            }
            Values::Directions(bytes) => {
                self.write_attributes(of, ATTRIBUTES_OF_NUMBER);
                for (direction, bytes) in DIRECTIONS.iter().zip(bytes) {
                    self.write_part(of, (DIRECTION, direction), of.start(start, None), *bytes);
                }
            }
            Values::Reasons(counts) => {
                self.write_attributes(of, ATTRIBUTES_OF_NUMBER);
                for (at, count) in counts.iter().enumerate() {
                    let Some(count) = count else { continue };
                    self.write_part(of, (REASON, FailReason::ALL[at].name()), of.start(start, Some(at)), *count);
                }
            }
            Values::Histogram(observations) => {
                self.write_attributes(of, ATTRIBUTES_OF_HISTOGRAM);
                self.write_histogram(of, observations, of.start(start, None));
            }
        }
    }

    /// One of several points, by one more attribute.
    fn write_part(&mut self, of: &Subject<'_>, (name, text): (&str, &str), start: UnixNanos, value: u64) {
        let shared = self.attributes.len();
        write_text_attribute(ATTRIBUTES_OF_NUMBER, name, text.as_bytes(), &mut self.attributes);
        self.write_number(start, of.clock.now, integer(value));
        self.attributes.truncate(shared);
    }

    fn write_attributes(&mut self, of: &Subject<'_>, field: u32) {
        self.attributes.clear();
        of.series.pairs(&mut |name, value| write_text_attribute(field, name, value.as_bytes(), &mut self.attributes));
    }

    fn write_number(&mut self, start: UnixNanos, now: UnixNanos, value: i64) {
        self.begin(start, now);
        write_fixed(AS_INT, value.cast_unsigned(), &mut self.body);
        self.end();
    }

    fn write_histogram(&mut self, of: &Subject<'_>, observations: &Observations, start: UnixNanos) {
        let bounds = match of.family.kind {
            Kind::Histogram(bounds) => bounds,
            Kind::Counter | Kind::Gauge => &[],
        };
        self.begin(start, of.clock.now);
        let count = observations.count();
        if count != 0 {
            write_fixed(COUNT, count, &mut self.body);
        }
        write_fixed(SUM, observations.seconds().to_bits(), &mut self.body);
        write_packed(BUCKET_COUNTS, observations.counts.iter().copied(), &mut self.body);
        write_packed(EXPLICIT_BOUNDS, bounds.iter().map(|bound| bound.to_bits()), &mut self.body);
        self.end();
    }

    /// 0: it has no beginning.
    fn begin(&mut self, start: UnixNanos, now: UnixNanos) {
        self.body.clear();
        for (field, time) in [(START_TIME, start), (TIME, now)] {
            if time != 0 {
                write_fixed(field, time, &mut self.body);
            }
        }
    }

    fn end(&mut self) {
        Metric::write_point([&self.body, &self.attributes], &mut self.bytes);
        self.count += 1;
    }
}

/// Sums stay far below the limit.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
