//! What to do about the Lease, and what one is meanwhile. Pure: times are arguments.
//!
//! Clocks of other machines are not trusted: a holder is dead when its Lease has not changed for as long as it said, by the
//! clock of who looks; and time in which one could not look does not count. Only of a Lease that was renewed long ago at
//! first sight nobody waits for a sign of life: clocks are seldom that wrong, and two holders harm nobody.

use super::identity::Identity;
use super::record::Record;
use crate::publish::role::Role;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Election {
    me: String,
    duration: Duration,
    seen: Option<Seen>,
    role: Role,
}

/// Renewed this long before the first look at it, by the clocks of both, a Lease is nobody's.
const ABANDONED: SignedDuration = SignedDuration::from_secs(30);

/// The Lease when it last changed.
#[derive(Debug)]
struct Seen {
    record: Record,
    /// When it is nobody's, if it does not change; since the start.
    expires: Duration,
    /// It has not been seen to change.
    first: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create(Record),
    Replace(Record),
    /// Somebody else holds it.
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
            // Somebody deleted it. Who holds it makes it again.
            self.seen = None;
            return;
        };
        self.role = match record.holder.as_deref() {
            Some(holder) if holder == self.me => Role::Leader,
            Some(holder) => Role::Standby { leader: holder.parse().ok().map(|holder: Identity| holder.address) },
            // Nobody else serves: who does goes on until another one takes it.
            None if self.role == Role::Leader => Role::Leader,
            None => Role::Standby { leader: None },
        };
        if self.seen.as_ref().is_none_or(|seen| seen.record.version != record.version) {
            let first = self.seen.is_none();
            self.seen = Some(Seen { expires: now + record.duration, record, first });
        }
    }

    /// The API server could not be asked: so, perhaps, by the holder neither. It has this long from now on.
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

    /// What to write at the end; `None`: there is nothing to let go of.
    pub(super) fn release(&self, wall: Timestamp) -> Option<Record> {
        let seen = self.seen.as_ref().filter(|seen| self.is_mine(seen))?;
        Some(Record { holder: None, renewed: Some(wall), ..seen.record.clone() })
    }

    fn is_mine(&self, seen: &Seen) -> bool {
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
