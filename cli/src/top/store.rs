//! The connections that are known now. Pure: times are arguments.

use super::rate::Count;
use crate::ends;
use crate::plain::plain;
use longwire_live::Connection;
use longwire_live::connection::{ConnectionStatus, Phase};
use longwire_live::end::{End, EndReport};
use std::collections::HashMap;
use std::time::Duration;

#[cfg(test)]
pub(super) mod tests;

/// The API has no more at a time.
const MOST: usize = 65_536;

/// One end. Its names cannot move the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peer {
    /// With its namespace, as `workload` and `socket`.
    pub(super) pod: Option<String>,
    pub(super) workload: String,
    pub(super) socket: String,
    pub(super) namespace: Option<String>,
}

/// Pairs are of the source and of the destination.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) ends: [Peer; 2],
    pub(super) service: Option<String>,
    pub(super) phase: Phase,
    /// Bytes a second that it sends.
    pub(super) rates: [u64; 2],
    /// As its kernel says.
    pub(super) retransmits: [Count; 2],
    /// Microseconds.
    pub(super) rtts: [Option<u32>; 2],
    /// When it was said, and how old it was then, in milliseconds.
    age: (Duration, Option<u64>),
    list: u64,
}

impl Known {
    /// Milliseconds.
    pub(super) fn age(&self, now: Duration) -> Option<u64> {
        let (said, age) = self.age;
        let since = if self.phase == Phase::Open { now.saturating_sub(said) } else { Duration::ZERO };
        age.map(|age| age.saturating_add(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
    }
}

#[derive(Debug)]
pub(super) struct Store {
    known: HashMap<Box<str>, Known>,
    /// The number of the list that is read, or is the next.
    list: u64,
    most: usize,
    /// Whether some had no room.
    pub(super) is_full: bool,
}

impl Default for Store {
    fn default() -> Self {
        Self { known: HashMap::new(), list: 1, most: MOST, is_full: false }
    }
}

impl Store {
    /// In a list.
    pub(super) fn listed(&mut self, connection: &Connection, now: Duration) {
        self.put(connection, now, self.list, false);
    }

    /// All of the list was said: the rest is gone.
    pub(super) fn end_list(&mut self) {
        self.known.retain(|_, known| known.list == self.list);
        self.list += 1;
        self.is_full = self.known.len() >= self.most;
    }

    /// After a list.
    pub(super) fn changed(&mut self, connection: &Connection, now: Duration) {
        self.put(connection, now, self.list.saturating_sub(1), true);
    }

    pub(super) fn gone(&mut self, connection: &Connection) {
        if let Some(name) = &connection.metadata.name {
            self.known.remove(name.as_str());
        }
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &Known> {
        self.known.values()
    }

    fn put(&mut self, connection: &Connection, now: Duration, list: u64, is_change: bool) {
        let (Some(name), Some(status)) = (&connection.metadata.name, &connection.status) else { return };
        let numbers = [status.source, status.destination].map(retransmits);
        if let Some(known) = self.known.get_mut(name.as_str()) {
            known.retransmits.iter_mut().zip(numbers).for_each(|(count, number)| count.read(now, number));
            known.list = list;
            update(known, status, now);
            return;
        }
        if self.known.len() >= self.most {
            self.is_full = true;
            return;
        }
        // One that has begun since has retransmitted since.
        let is_new = is_change && !status.adopted && status.duration_milliseconds.is_some_and(|age| age < YOUNG);
        let spec = &connection.spec;
        let mut known = Known {
            ends: [peer(&spec.source), peer(&spec.destination)],
            service: spec.service.as_ref().and_then(|service| {
                let name = service.name.as_deref()?;
                Some(plain(&service.namespace.as_ref().map_or_else(|| name.to_owned(), |of| format!("{of}/{name}"))))
            }),
            phase: Phase::Open,
            rates: [0; 2],
            retransmits: numbers.map(|number| Count::new(now, if is_new { 0 } else { number }, number)),
            rtts: [None; 2],
            age: (now, None),
            list,
        };
        update(&mut known, status, now);
        self.known.insert(name.as_str().into(), known);
    }
}

/// Milliseconds.
const YOUNG: u64 = 10_000;

fn update(known: &mut Known, status: &ConnectionStatus, now: Duration) {
    known.phase = status.phase;
    known.rates = [status.bytes_per_second.from_source, status.bytes_per_second.from_destination];
    known.rtts = [status.source, status.destination].map(|end| end.and_then(|end| end.rtt_microseconds));
    known.age = (now, status.duration_milliseconds);
}

fn retransmits(end: Option<EndReport>) -> u64 {
    end.and_then(|end| end.retransmits).unwrap_or_default()
}

fn peer(end: &End) -> Peer {
    Peer {
        pod: end.pod.as_ref().map(|_| plain(&ends::pod(end))),
        workload: plain(&ends::workload(end)),
        socket: plain(&ends::socket(end)),
        namespace: end.namespace.as_deref().map(plain),
    }
}
