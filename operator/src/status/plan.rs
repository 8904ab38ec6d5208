//! Which status to write now. Pure: times are arguments.

use super::Desired;
use super::conditions::{is_same_content, turns};
use crate::source::object::Key;
use longwire_crds::PolicyStatus;
use std::collections::HashMap;
use std::time::Duration;

/// Between two writes of one object that differ in numbers alone.
const COUNTS: Duration = Duration::from_secs(5);
/// Between any two: an object whose conditions come and go does not keep the API server busy.
const CONDITIONS: Duration = Duration::from_millis(200);
/// After a write that did not work, doubled each time up to the second.
const AGAIN: Duration = Duration::from_millis(500);
const AT_LAST: Duration = Duration::from_secs(4);

#[derive(Debug, Default)]
pub(super) struct Plan {
    objects: HashMap<Key, Entry>,
}

#[derive(Debug)]
struct Entry {
    uid: String,
    desired: PolicyStatus,
    /// `None`: not known, it has to be read from the API server.
    written: Option<PolicyStatus>,
    /// Not before this, since the start.
    earliest: Duration,
    failures: u32,
    in_flight: bool,
}

/// A write to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Write {
    pub(super) key: Key,
    pub(super) uid: String,
    pub(super) status: PolicyStatus,
    pub(super) former: Option<PolicyStatus>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Written(Box<PolicyStatus>),
    /// The object is gone, or another one has its name; that one has an entry of its own.
    Gone,
    Failed,
}

impl Plan {
    /// `None`: the object is gone.
    pub(super) fn set(&mut self, key: Key, desired: Option<Desired>) {
        let Some((uid, desired)) = desired else {
            self.objects.remove(&key);
            return;
        };
        match self.objects.get_mut(&key) {
            Some(entry) if entry.uid == uid => entry.desired = desired,
            _ => {
                let entry =
                    Entry { uid, desired, written: None, earliest: Duration::ZERO, failures: 0, in_flight: false };
                self.objects.insert(key, entry);
            }
        }
    }

    /// Another client may have written meanwhile.
    pub(super) fn start_over(&mut self) {
        for entry in self.objects.values_mut() {
            (entry.written, entry.earliest, entry.failures) = (None, Duration::ZERO, 0);
        }
    }

    /// At most so many of those whose time has come; they are in flight from then on.
    pub(super) fn due(&mut self, now: Duration, most: usize) -> Vec<Write> {
        let due = self.objects.iter_mut().filter(|(_, entry)| entry.at().is_some_and(|at| at <= now));
        let begin = |(key, entry): (&Key, &mut Entry)| {
            entry.in_flight = true;
            let (uid, status) = (entry.uid.clone(), entry.desired.clone());
            Write { key: key.clone(), uid, status, former: entry.written.clone() }
        };
        due.take(most).map(begin).collect()
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Duration> {
        self.objects.values().filter_map(Entry::at).min()
    }

    pub(super) fn done(&mut self, key: &Key, uid: &str, outcome: Outcome, now: Duration) {
        let Some(entry) = self.objects.get_mut(key).filter(|entry| entry.uid == uid) else { return };
        entry.in_flight = false;
        match outcome {
            Outcome::Written(written) => {
                (entry.written, entry.failures, entry.earliest) = (Some(*written), 0, now + CONDITIONS);
            }
            Outcome::Gone => drop(self.objects.remove(key)),
            Outcome::Failed => {
                entry.earliest = now + AGAIN.saturating_mul(1 << entry.failures.min(3)).min(AT_LAST);
                entry.failures += 1;
                // It may have arrived all the same.
                entry.written = None;
            }
        }
    }
}

impl Entry {
    /// When it may be written; `None`: there is nothing to write, or it is being done.
    fn at(&self) -> Option<Duration> {
        if self.in_flight {
            return None;
        }
        let Some(written) = &self.written else { return Some(self.earliest) };
        if is_same_content(written, &self.desired) {
            return None;
        }
        Some(if turns(written, &self.desired) { self.earliest } else { self.earliest + (COUNTS - CONDITIONS) })
    }
}
