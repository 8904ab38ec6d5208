//! A histogram, as counters or as times.

use super::Lines;
use crate::statsd::escape::escape;
use crate::statsd::flavor::Value;
use crate::statsd::memory::{Commit, Key};
use crate::statsd::timers::{MAX_WEIGHT, times};
use longwire_model::exporter::Flavor;
use longwire_model::series::{Family, Kind};
use longwire_pipeline::metrics::{Histogram, Series};
use std::iter;

/// The label of a bucket.
const BOUND: &str = "le";

impl Lines<'_> {
    /// With Prometheus' names and meaning: a bucket has the observations of all below it.
    pub(super) fn aggregate(&mut self, series: &Series<'_>, histogram: &Histogram) {
        let metric = self.family.metric;
        let bounds = std::mem::take(&mut self.bounds);
        let of_buckets = histogram.cumulative().enumerate().map(|(at, count)| (Key::new(metric, at), count));
        self.restart_if_smaller(series, of_buckets.chain([(Key::sum_of(metric), micros(histogram))]));
        let mut all = 0;
        for (at, (bound, count)) in bounds.iter().zip(histogram.cumulative()).enumerate() {
            self.count(series, Key::new(metric, at), count, ("_bucket", Some((BOUND, bound))));
            all = count;
        }
        self.bounds = bounds;
        self.add(series, (Key::sum_of(metric), micros(histogram)), Value::Sum, ("_sum", None));
        self.count(series, Key::count_of(metric), all, ("_count", None));
    }

    /// The sum is not a line: it is sent with the times, as far as they say it.
    pub(super) fn times(&mut self, series: &Series<'_>, histogram: &Histogram) {
        let (id, metric) = (series.id(), self.family.metric);
        let below = iter::once(0).chain(histogram.cumulative());
        let counts: Vec<u64> = below.zip(histogram.cumulative()).map(|(below, count)| count - below).collect();
        self.restart_if_smaller(series, counts.iter().enumerate().map(|(at, count)| (Key::new(metric, at), *count)));
        let (all, key) = (micros(histogram), Key::sum_of(metric));
        // Times may have said a little more than the sum.
        let Some(sum) = self.sent(series, key, all, u64::MAX) else {
            counts.iter().enumerate().for_each(|(at, count)| self.memory.assume(id, Key::new(metric, at), *count));
            return;
        };
        let sent: Vec<u64> =
            counts.iter().enumerate().map(|(at, count)| self.memory.sent(id, Key::new(metric, at), *count)).collect();
        let new: Vec<u64> = counts.iter().zip(&sent).map(|(count, sent)| count - sent).collect();
        let times = times(bounds(self.family), &new, all.saturating_sub(sum));
        for (at, ((new, sent), time)) in
            new.iter().zip(sent).zip(times).enumerate().filter(|(_, ((new, _), _))| **new != 0)
        {
            let weight = (*new).min(MAX_WEIGHT);
            let (key, sum) = (Key::new(metric, at), weight.saturating_mul(time));
            let commit = Commit { id, key, to: sent + weight, sum };
            self.push(series, commit, Value::Times(weight, time), ("", None));
        }
    }

    /// The lines of a histogram begin anew together.
    fn restart_if_smaller(&mut self, series: &Series<'_>, mut of_lines: impl Iterator<Item = (Key, u64)>) {
        let id = series.id();
        if of_lines.any(|(key, value)| self.memory.last(id, key) > Some(value)) {
            self.memory.restart(id, self.family.metric);
        }
    }
}

fn bounds(family: &Family) -> &'static [f64] {
    match family.kind {
        Kind::Counter | Kind::Gauge => &[],
        Kind::Histogram(bounds) => bounds,
    }
}

/// Of its buckets, and infinity. Only the tags of DogStatsD keep the sign of infinity, which Prometheus' functions look for.
pub(super) fn escaped_bounds(family: &Family, flavor: Flavor) -> Vec<Vec<u8>> {
    let escaped = |bound: &f64| {
        let mut text = Vec::new();
        escape(&bound.to_string(), flavor, &mut text);
        text
    };
    let infinity: &[u8] = if flavor == Flavor::Dogstatsd { b"+Inf" } else { b"Inf" };
    bounds(family).iter().map(escaped).chain([infinity.to_vec()]).collect()
}

fn micros(histogram: &Histogram) -> u64 {
    let (seconds, nanoseconds) = histogram.sum();
    seconds.saturating_mul(1_000_000).saturating_add(u64::from(nanoseconds / 1_000))
}
