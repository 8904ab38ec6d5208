//! Connections whose ends are not known yet. Bounded; what is waited for finds those who wait for it.

#[cfg(test)]
mod tests;

use crate::enrich::{Inquiry, Wait, Waiting};
use crate::observation::Delta;
use crate::record::Monotonic;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Whose counts wait.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Subject {
    /// Its entry holds the counters.
    Live { id: u64, handshake: Option<Monotonic> },
    /// Everything it will ever add.
    Ended(Delta),
}

impl Subject {
    /// How many connections.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Live { .. } => 1,
            // What ended without having been opened was adopted.
            Self::Ended(delta) => delta.closed.max(delta.failed.map_or(1, |(_, count)| count)),
        }
    }
}

#[derive(Debug)]
pub(super) struct Case {
    pub(super) inquiry: Inquiry,
    pub(super) subject: Subject,
}

#[derive(Debug)]
pub(super) struct Pending {
    /// By key, and so by age.
    cases: BTreeMap<u64, (Box<Case>, Waiting)>,
    waits: BTreeSet<(Wait, u64)>,
    deadlines: BTreeSet<(Monotonic, u64)>,
    limit: usize,
    next: u64,
}

impl Pending {
    pub(super) fn new(limit: usize) -> Self {
        Self { cases: BTreeMap::new(), waits: BTreeSet::new(), deadlines: BTreeSet::new(), limit, next: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    /// Keys rise, and none comes twice.
    pub(super) fn new_key(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The key that was given last.
    pub(super) fn last_key(&self) -> u64 {
        self.next
    }

    /// Keys rise from this one on.
    pub(super) fn restore_last_key(&mut self, key: u64) {
        self.next = key;
    }

    /// The case of this key, or of the first one after it.
    pub(super) fn since(&self, key: u64) -> Option<&Case> {
        self.cases.range(key..).next().map(|(_, (case, _))| &**case)
    }

    pub(super) fn insert(&mut self, case: Case, waiting: Waiting) {
        let key = case.inquiry.key;
        self.waits.insert((waiting.on, key));
        self.deadlines.extend(waiting.until.map(|until| (until, key)));
        self.cases.insert(key, (Box::new(case), waiting));
    }

    pub(super) fn take(&mut self, key: u64) -> Option<Case> {
        let (case, waiting) = self.cases.remove(&key)?;
        self.waits.remove(&(waiting.on, key));
        if let Some(until) = waiting.until {
            self.deadlines.remove(&(until, key));
        }
        Some(*case)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Case> {
        self.cases.get_mut(&key).map(|(case, _)| &mut **case)
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.cases.contains_key(&key)
    }

    /// The case that waits longest, where there are too many, and what for.
    pub(super) fn overflow(&mut self) -> Option<(Case, Wait)> {
        let (oldest, (_, waiting)) = self.cases.first_key_value().filter(|_| self.cases.len() > self.limit)?;
        let (oldest, on) = (*oldest, waiting.on);
        Some((self.take(oldest)?, on))
    }

    pub(super) fn waiting_for(&self, waits: RangeInclusive<Wait>) -> Vec<u64> {
        let range = (*waits.start(), 0)..=(*waits.end(), u64::MAX);
        self.waits.range(range).map(|(_, key)| *key).collect()
    }

    /// Those whose time is over.
    pub(super) fn due(&self, now: Monotonic) -> Vec<u64> {
        self.deadlines.range(..=(now, u64::MAX)).map(|(_, key)| *key).collect()
    }
}
