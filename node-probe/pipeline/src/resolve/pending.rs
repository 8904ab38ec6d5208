//! A connection that is not resolved yet: what it waits for, and until when.

mod counters;
mod saved;

pub(crate) use counters::PendingCounters;
pub(crate) use saved::SavedPending;

use super::end::End;
use super::local::SocketOwner;
use crate::connection::Passes;
use crate::observation::Ending;
use crate::record::Monotonic;
use hashbrown::DefaultHashBuilder;
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

/// Who pays for what a connection takes of bounded tables: all cgroups of a pod are one user, and a cgroup that is not known to be
/// a pod's is one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ResourceUser(pub(crate) u64);

impl ResourceUser {
    pub(super) fn pod(uid: &str) -> Self {
        static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
        Self(HASHER.hash_one(uid))
    }
}

/// The moment of an attempt to resolve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Monotonic,
    pub(crate) passes: Passes,
    /// There is no room to wait: what is not known now stays unknown.
    pub(crate) forced: bool,
}

impl Moment {
    pub(crate) fn new(now: Monotonic, passes: Passes) -> Self {
        Self { now, passes, forced: false }
    }
}

/// What a pending connection waits for; its arrival wakes the connection. Ordered, so that the queue finds connections that wait for
/// the same by range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wait {
    /// The operator's first update.
    Configuration,
    /// The pod of this cgroup.
    Local(u64),
    /// The operator's answer for an address, the first or a newer one.
    Address(IpAddr),
    /// Conntrack's answer.
    Backend,
    /// The owner of the other end, whose socket is on this machine too.
    Counterpart,
    /// The other end, which may be on this machine, until a pass has seen every socket.
    Join,
    /// The same for a moment only, where the owner of the address is known: a connection to a sidecar looks as if it left the pod
    /// until the sidecar's socket is seen.
    Shortly,
}

/// A wait and its timeout. `until` is `None` for a wait that does not time out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) on: Wait,
    pub(crate) until: Option<Monotonic>,
}

/// The backend that conntrack has for a Service's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Backend {
    Unqueried,
    Queried,
    Answered(Option<SocketAddr>),
}

/// Timeouts of a connection. Each starts once, however often the connection is tried in between.
#[derive(Clone, Copy, Debug)]
pub(super) enum Timeout {
    Local,
    Counterpart,
    Owner,
    Backend,
    BackendOwner,
    Shortly,
    Settled,
    Ambiguous,
    Requested,
}

#[derive(Debug)]
pub(crate) struct PendingConnection {
    pub(crate) key: u64,
    pub(crate) end: End,
    pub(super) seen: Monotonic,
    seen_pass: u32,
    pub(super) owner: Option<SocketOwner>,
    pub(super) backend: Backend,
    /// When each timeout ends; 0: it has not started.
    until: [Monotonic; 9],
    /// What is recorded once it is resolved.
    pub(crate) counters: PendingCounters,
    /// Of an ended connection. It is not saved.
    pub(crate) ending: Ending,
}

impl PendingConnection {
    pub(crate) fn new(key: u64, end: End, counters: PendingCounters, moment: Moment) -> Self {
        let (backend, until) = (Backend::Unqueried, [0; 9]);
        let Moment { now: seen, passes, .. } = moment;
        Self {
            key,
            end,
            seen,
            seen_pass: passes.begun(),
            owner: None,
            backend,
            until,
            counters,
            ending: Ending::default(),
        }
    }

    /// The same of a connection that ended.
    pub(crate) fn ended(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }

    /// The same without a query to conntrack, which cannot know the answer.
    pub(crate) fn without_backend(self) -> Self {
        Self { backend: Backend::Answered(None), ..self }
    }

    /// Conntrack's answer, if it was queried.
    pub(super) fn answer_backend(&mut self, answer: Option<SocketAddr>) {
        if self.backend == Backend::Queried {
            self.backend = Backend::Answered(answer);
        }
    }

    /// Until when to wait, if there is still time.
    pub(super) fn timeout(&mut self, kind: Timeout, limit: Monotonic, moment: Moment) -> Option<Monotonic> {
        let until = &mut self.until[kind as usize];
        if *until == 0 {
            *until = limit;
        }
        (moment.now < *until && !moment.forced).then_some(*until)
    }

    /// The other end may still be found on this machine.
    pub(super) fn may_join(&self, moment: Moment) -> bool {
        self.end.sequence.is_some() && !moment.forced && !moment.passes.completed_since(self.seen_pass)
    }
}
