//! Round-trip times of the connections of an edge, each connection's last one: as many as it has connections.

use super::sums::Quantiles;
use std::collections::BTreeMap;

/// How many connections have each, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Rtts {
    counts: BTreeMap<u32, u32>,
    all: u64,
}

impl Rtts {
    /// A connection's is another one now.
    pub(super) fn replace(&mut self, before: Option<u32>, now: Option<u32>) {
        if before == now {
            return;
        }
        if let Some(before) = before
            && let Some(count) = self.counts.get_mut(&before)
        {
            *count -= 1;
            self.all -= 1;
            if *count == 0 {
                self.counts.remove(&before);
            }
        }
        if let Some(now) = now {
            *self.counts.entry(now).or_default() += 1;
            self.all += 1;
        }
    }

    pub(super) fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles { p50: self.quantile(50)?, p95: self.quantile(95)?, p99: self.quantile(99)? })
    }

    /// The least one that at least so many of 100 connections do not exceed.
    fn quantile(&self, percent: u64) -> Option<u32> {
        let rank = (self.all * percent).div_ceil(100);
        let mut passed = 0;
        let found = self.counts.iter().find(|(_, count)| {
            passed += u64::from(**count);
            passed >= rank
        });
        found.map(|(rtt, _)| *rtt)
    }
}

#[cfg(test)]
mod tests;
