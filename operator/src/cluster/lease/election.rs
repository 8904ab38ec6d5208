//! What to write to the Lease, and this replica's role meanwhile. Pure: times are arguments.
//!
//! Clocks of other machines are not trusted: a leader is dead when its Lease has not changed for the Lease's duration, by
//! this replica's clock. Time in which the API server could not be read does not count. A Lease whose renewal was already
//! long ago when it was first read is taken at once: clocks are seldom that wrong, and two leaders do no harm.

use super::identity::Identity;
use super::record::Record;
use crate::publish::role::Role;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Election {
    me: String,
    duration: Duration,
    seen: Option<Observed>,
    role: Role,
}

/// A Lease that was renewed this long before it was first read, by the clocks of both replicas, is free.
const ABANDONED: SignedDuration = SignedDuration::from_secs(30);

/// The Lease when it last changed.
#[derive(Debug)]
struct Observed {
    record: Record,
    /// When it is free, if it does not change; since the start.
    expires: Duration,
    /// It has not been seen to change.
    first: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create(Record),
    Replace(Record),
    /// Another replica holds it.
    Wait,
}

impl Election {
    pub(super) fn new(me: String, duration: Duration) -> Self {
        Self { me, duration, seen: None, role: Role::Standby { leader: None } }
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The Lease as it was just read or written; `None`: there is none. `now` is since the start.
    pub(super) fn observe(&mut self, record: Option<Record>, now: Duration) {
        let Some(record) = record else {
            // It was deleted. The leader creates it again.
            self.seen = None;
            return;
        };
        self.role = match record.holder.as_deref() {
            Some(holder) if holder == self.me => Role::Leader,
            Some(holder) => Role::Standby { leader: holder.parse().ok().map(|holder: Identity| holder.address) },
            // No replica holds it: the present leader continues until another one takes it.
            None if self.role == Role::Leader => Role::Leader,
            None => Role::Standby { leader: None },
        };
        if self.seen.as_ref().is_none_or(|seen| seen.record.version != record.version) {
            let first = self.seen.is_none();
            self.seen = Some(Observed { expires: now + record.duration, record, first });
        }
    }

    /// The API server could not be reached, perhaps by the leader neither. The leader has this long from now on.
    pub(super) fn blind(&mut self, now: Duration, grace: Duration) {
        if let Some(seen) = &mut self.seen {
            seen.expires = seen.expires.max(now + grace);
        }
    }

    /// `wall` is for people to read.
    pub(super) fn step(&self, now: Duration, wall: Timestamp) -> Step {
        let Some(seen) = &self.seen else {
            return Step::Create(self.held(None, Some(wall), wall, 0));
        };
        let Record { version, acquired, transitions, .. } = &seen.record;
        if self.is_mine(seen) {
            return Step::Replace(self.held(version.clone(), *acquired, wall, *transitions));
        }
        let renewed = seen.record.renewed.filter(|_| seen.first);
        let abandoned = renewed.is_some_and(|renewed| wall.duration_since(renewed) >= ABANDONED);
        if seen.record.holder.is_none() || abandoned || seen.expires <= now {
            return Step::Replace(self.held(version.clone(), Some(wall), wall, transitions.saturating_add(1)));
        }
        Step::Wait
    }

    /// Until the next look.
    pub(super) fn wait(&self, now: Duration, renew: Duration, look: Duration) -> Duration {
        match &self.seen {
            Some(seen) if self.is_mine(seen) => renew,
            Some(seen) => seen.expires.saturating_sub(now).min(look),
            None => look,
        }
    }

    /// What to write at the end; `None`: there is nothing to release.
    pub(super) fn release(&self, wall: Timestamp) -> Option<Record> {
        let seen = self.seen.as_ref().filter(|seen| self.is_mine(seen))?;
        Some(Record { holder: None, renewed: Some(wall), ..seen.record.clone() })
    }

    fn is_mine(&self, seen: &Observed) -> bool {
        seen.record.holder.as_deref() == Some(&self.me)
    }

    fn held(
        &self,
        version: Option<String>,
        acquired: Option<Timestamp>,
        renewed: Timestamp,
        transitions: i32,
    ) -> Record {
        let holder = Some(self.me.clone());
        Record { version, holder, duration: self.duration, acquired, renewed: Some(renewed), transitions }
    }
}
