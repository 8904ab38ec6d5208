//! What to do about the Lease, and what one is meanwhile. Pure: times are arguments.
//!
//! Clocks of other machines are not trusted: a holder is dead when its Lease has not changed for as long as it said, by the
//! clock of who looks.

use super::identity::Identity;
use super::record::Record;
use crate::role::Role;
use k8s_openapi::jiff::Timestamp;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Election {
    me: String,
    duration: Duration,
    seen: Option<Seen>,
    role: Role,
}

/// The Lease when it last changed.
#[derive(Debug)]
struct Seen {
    record: Record,
    /// Since the start.
    at: Duration,
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
        Self { me, duration, seen: None, role: Role::Standby { holder: None } }
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
            Some(holder) if holder == self.me => Role::Holder,
            Some(holder) => Role::Standby { holder: holder.parse().ok().map(|holder: Identity| holder.address) },
            // Nobody else serves: who does goes on until another one takes it.
            None if self.role == Role::Holder => Role::Holder,
            None => Role::Standby { holder: None },
        };
        if self.seen.as_ref().is_none_or(|seen| seen.record.version != record.version) {
            self.seen = Some(Seen { record, at: now });
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
        if self.expires(seen).is_none_or(|expires| expires <= now) {
            return Step::Replace(self.held(version.clone(), Some(wall), wall, transitions.saturating_add(1)));
        }
        Step::Wait
    }

    /// Until the next look.
    pub(super) fn wait(&self, now: Duration, renew: Duration, look: Duration) -> Duration {
        match &self.seen {
            Some(seen) if self.is_mine(seen) => renew,
            Some(seen) => self.expires(seen).map_or(look, |expires| expires.saturating_sub(now).min(look)),
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

    /// `None`: nobody holds it.
    fn expires(&self, seen: &Seen) -> Option<Duration> {
        seen.record.holder.as_ref().map(|_| seen.at + seen.record.duration)
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
