//! The connections that are not resolved yet, by what they wait for. Bounded.

#[cfg(test)]
mod tests;

use super::pending::{PendingConnection, ResourceUser, Wait, Waiting};
use crate::record::Monotonic;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

#[derive(Debug)]
struct Waiter {
    connection: Box<PendingConnection>,
    waiting: Waiting,
    user: ResourceUser,
}

#[derive(Debug)]
pub(super) struct PendingQueue {
    /// By key, and so by age.
    connections: BTreeMap<u64, Waiter>,
    waits: BTreeSet<(Wait, u64)>,
    deadlines: BTreeSet<(Monotonic, u64)>,
    /// Connections of each user.
    by_user: HashMap<ResourceUser, usize>,
    /// The user that made room last, and the key. Its older connections are gone, except those that wait again.
    evicted: (ResourceUser, u64),
    limit: usize,
    next: u64,
}

impl PendingQueue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            connections: BTreeMap::new(),
            waits: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            by_user: HashMap::new(),
            evicted: (ResourceUser(0), 0),
            limit,
            next: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Keys rise, and none comes twice.
    pub(super) fn new_key(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The latest key.
    pub(super) fn last_key(&self) -> u64 {
        self.next
    }

    /// New keys are above this one.
    pub(super) fn restore_last_key(&mut self, key: u64) {
        self.next = key;
    }

    /// The connection of this key, or of the first one after it.
    pub(super) fn since(&self, key: u64) -> Option<&PendingConnection> {
        self.connections.range(key..).next().map(|(_, waiter)| &*waiter.connection)
    }

    pub(super) fn insert(&mut self, connection: PendingConnection, waiting: Waiting, user: ResourceUser) {
        let key = connection.key;
        *self.by_user.entry(user).or_default() += 1;
        self.waits.insert((waiting.on, key));
        self.deadlines.extend(waiting.until.map(|until| (until, key)));
        self.connections.insert(key, Waiter { connection: Box::new(connection), waiting, user });
    }

    pub(super) fn take(&mut self, key: u64) -> Option<PendingConnection> {
        let Waiter { connection, waiting, user } = self.connections.remove(&key)?;
        self.waits.remove(&(waiting.on, key));
        if let Some(until) = waiting.until {
            self.deadlines.remove(&(until, key));
        }
        if let Some(count) = self.by_user.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                self.by_user.remove(&user);
            }
        }
        Some(*connection)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut PendingConnection> {
        self.connections.get_mut(&key).map(|waiter| &mut *waiter.connection)
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.connections.contains_key(&key)
    }

    /// Where too many wait: the oldest connection of the user that has most, and what it waits for. So a pod that floods makes room for
    /// others, and they never for it.
    pub(super) fn overflow(&mut self) -> Option<(PendingConnection, Wait)> {
        if self.connections.len() <= self.limit {
            return None;
        }
        let (largest, _) = self.by_user.iter().max_by_key(|(user, count)| (**count, **user))?;
        let largest = *largest;
        let from = if self.evicted.0 == largest { self.evicted.1 } else { 0 };
        let oldest = self.oldest_of(largest, from).or_else(|| self.oldest_of(largest, 0))?;
        self.evicted = (largest, oldest);
        let on = self.connections.get(&oldest)?.waiting.on;
        Some((self.take(oldest)?, on))
    }

    fn oldest_of(&self, user: ResourceUser, from: u64) -> Option<u64> {
        let mut since = self.connections.range(from..);
        since.find(|(_, waiter)| waiter.user == user).map(|(key, _)| *key)
    }

    pub(super) fn waiting_for(&self, waits: RangeInclusive<Wait>) -> Vec<u64> {
        let range = (*waits.start(), 0)..=(*waits.end(), u64::MAX);
        self.waits.range(range).map(|(_, key)| *key).collect()
    }

    /// Keys of connections whose wait has timed out.
    pub(super) fn due(&self, now: Monotonic) -> Vec<u64> {
        self.deadlines.range(..=(now, u64::MAX)).map(|(_, key)| *key).collect()
    }
}
