//! Latencies of millions of requests in a few kilobytes: a histogram of 64 buckets an octave.

/// Buckets of an octave, for a precision of 1.6 percent.
const STEPS: u32 = 64;

#[derive(Debug)]
pub(super) struct Latencies {
    counts: Vec<u64>,
}

impl Latencies {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; 64 * STEPS as usize] }
    }

    pub(super) fn observe(&mut self, nanoseconds: u64) {
        self.counts[step(nanoseconds)] += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Nanoseconds: the upper bound of the value's bucket.
    pub(super) fn quantile(&self, share: f64) -> u64 {
        let rank = (self.counts.iter().sum::<u64>() as f64 * share).ceil() as u64;
        let mut seen = 0;
        let reached = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank.max(1)
        });
        reached.map_or(0, |at| value(at as u64 + 1))
    }
}

/// Below `STEPS` a bucket is a nanosecond; above, an octave has `STEPS` buckets.
fn step(nanoseconds: u64) -> usize {
    let octave = nanoseconds.checked_ilog2().unwrap_or(0).saturating_sub(STEPS.ilog2());
    (u64::from(octave * STEPS) + (nanoseconds >> octave)) as usize
}

fn value(step: u64) -> u64 {
    let steps = u64::from(STEPS);
    let octave = (step / steps).saturating_sub(1);
    (step - octave * steps) << octave
}

#[cfg(test)]
mod tests;
