//! A histogram as one time a bucket.

/// Most observations that one line stands for, because statsd_exporter makes as many of it. The others follow in the next flush.
pub(super) const MAX_WEIGHT: u64 = 1 << 20;

/// A time in each bucket, in microseconds, so that together they come as near to the sum as the buckets allow. `counts`: of each bucket,
/// the last one without an upper bound; `sum`: of all, in microseconds.
#[expect(clippy::cast_precision_loss, reason = "times within a bucket are estimates")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the bucket")]
pub(super) fn times(bounds: &[f64], counts: &[u64], sum: u64) -> Vec<u64> {
    let lows = || [0.0].into_iter().chain(bounds.iter().map(|bound| bound * 1e6));
    let ranges = || lows().zip(bounds.iter().map(|bound| bound * 1e6)).zip(counts.iter().map(|count| *count as f64));
    let least: f64 = ranges().map(|((low, _), count)| low * count).sum();
    let span: f64 = ranges().map(|((low, high), count)| (high - low) * count).sum();
    let (beyond, beyond_from) = (counts.last().map_or(0.0, |count| *count as f64), lows().last().unwrap_or_default());
    // Where in each bucket with bounds: the same part of all, in the middle if the last one can make up for the rest.
    let part = match (beyond > 0.0, span > 0.0) {
        (false, true) => (sum as f64 - least) / span,
        _ => 0.5,
    };
    let rest = sum as f64 - least - part * span;
    let within = ranges().map(|((low, high), _)| (low + part * (high - low)).clamp(low + 1.0, high));
    let last = (rest / beyond.max(1.0)).max(beyond_from + 1.0);
    within.chain([last]).map(|time| time.round() as u64).collect()
}

/// Receivers take the whole part of `1 / rate`: it must not be one less.
#[expect(clippy::cast_precision_loss, reason = "at most MAX_WEIGHT")]
pub(super) fn rate(count: u64) -> f64 {
    let mut rate = 1.0 / count as f64;
    while 1.0 / rate < count as f64 {
        rate = rate.next_down();
    }
    rate
}
