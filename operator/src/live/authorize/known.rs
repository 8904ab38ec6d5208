//! Recent decisions, by the hash of what was asked. Pure: times are arguments.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// A permission that was given or taken counts after this.
const FRESH: Duration = Duration::from_secs(10);
/// Decisions that are kept.
const MAX: usize = 4_096;

type Hash = [u8; 32];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allowed,
    /// And why, if that is known.
    Forbidden(String),
}

#[derive(Debug, Default)]
pub(super) struct Known {
    decisions: HashMap<Hash, (Decision, Instant)>,
    /// As they came; the first is the oldest.
    order: VecDeque<(Hash, Instant)>,
}

impl Known {
    pub(super) fn get(&self, hash: &Hash, now: Instant) -> Option<Decision> {
        let (decision, since) = self.decisions.get(hash)?;
        (now.saturating_duration_since(*since) < FRESH).then(|| decision.clone())
    }

    /// The oldest gives way.
    pub(super) fn put(&mut self, hash: Hash, decision: Decision, now: Instant) {
        self.decisions.insert(hash, (decision, now));
        self.order.push_back((hash, now));
        while self.order.len() > MAX
            && let Some((oldest, since)) = self.order.pop_front()
        {
            // It may have been decided anew since.
            if self.decisions.get(&oldest).is_some_and(|(_, decided)| *decided == since) {
                self.decisions.remove(&oldest);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.decisions.len()
    }
}
