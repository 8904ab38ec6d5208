//! Connections whose ends are not known yet. Bounded; what is waited for finds those who wait for it.

#[cfg(test)]
mod tests;

use crate::record::Monotonic;
use crate::resolve::{Inquiry, Subject, Wait, Waiting, Whose};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

#[derive(Debug)]
pub(super) struct Case {
    pub(super) inquiry: Inquiry,
    pub(super) subject: Subject,
}

#[derive(Debug)]
struct Waiter {
    case: Box<Case>,
    waiting: Waiting,
    whose: Whose,
}

#[derive(Debug)]
pub(super) struct Pending {
    /// By key, and so by age.
    cases: BTreeMap<u64, Waiter>,
    waits: BTreeSet<(Wait, u64)>,
    deadlines: BTreeSet<(Monotonic, u64)>,
    /// How many wait of each pod.
    by_pod: HashMap<Whose, usize>,
    /// The pod that made room last, and the key: older ones of it are gone, but for those that wait anew.
    evicted: (Whose, u64),
    limit: usize,
    next: u64,
}

impl Pending {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            cases: BTreeMap::new(),
            waits: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            by_pod: HashMap::new(),
            evicted: (Whose(0), 0),
            limit,
            next: 0,
        }
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
        self.cases.range(key..).next().map(|(_, waiter)| &*waiter.case)
    }

    pub(super) fn insert(&mut self, case: Case, waiting: Waiting, whose: Whose) {
        let key = case.inquiry.key;
        *self.by_pod.entry(whose).or_default() += 1;
        self.waits.insert((waiting.on, key));
        self.deadlines.extend(waiting.until.map(|until| (until, key)));
        self.cases.insert(key, Waiter { case: Box::new(case), waiting, whose });
    }

    pub(super) fn take(&mut self, key: u64) -> Option<Case> {
        let Waiter { case, waiting, whose } = self.cases.remove(&key)?;
        self.waits.remove(&(waiting.on, key));
        if let Some(until) = waiting.until {
            self.deadlines.remove(&(until, key));
        }
        if let Some(count) = self.by_pod.get_mut(&whose) {
            *count -= 1;
            if *count == 0 {
                self.by_pod.remove(&whose);
            }
        }
        Some(*case)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Case> {
        self.cases.get_mut(&key).map(|waiter| &mut *waiter.case)
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.cases.contains_key(&key)
    }

    /// Where too many wait: the oldest case of the pod that has most of them, and what it waits for. So a pod that floods makes
    /// room for others, and never they for it.
    pub(super) fn overflow(&mut self) -> Option<(Case, Wait)> {
        if self.cases.len() <= self.limit {
            return None;
        }
        let (largest, _) = self.by_pod.iter().max_by_key(|(whose, count)| (**count, **whose))?;
        let largest = *largest;
        let from = if self.evicted.0 == largest { self.evicted.1 } else { 0 };
        let oldest = self.oldest_of(largest, from).or_else(|| self.oldest_of(largest, 0))?;
        self.evicted = (largest, oldest);
        let on = self.cases.get(&oldest)?.waiting.on;
        Some((self.take(oldest)?, on))
    }

    fn oldest_of(&self, whose: Whose, from: u64) -> Option<u64> {
        let mut since = self.cases.range(from..);
        since.find(|(_, waiter)| waiter.whose == whose).map(|(key, _)| *key)
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
