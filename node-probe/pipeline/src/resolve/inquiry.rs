//! The question who the two ends of one connection are, and how far it has come.

use super::end::End;
use super::local::{Local, Standing};
use super::resolution::Resolution;
use crate::connection::Passes;
use crate::record::Monotonic;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// Whose a connection is, for what a pod may use up: all cgroups of a pod are one, and a cgroup that is not known to be a pod's is
/// one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Whose(pub(crate) u64);

impl Whose {
    pub(super) fn pod(uid: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        uid.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// When something is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Monotonic,
    pub(crate) passes: Passes,
    /// No room to wait: what is not known now stays unknown.
    pub(crate) forced: bool,
}

/// What an inquiry waits for; whoever brings it wakes those who wait. Ordered, so that they stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wait {
    /// The operator's first word.
    Configuration,
    /// The pod of this cgroup.
    Local(u64),
    /// The operator's answer for an address, or a newer one.
    Address(IpAddr),
    /// Conntrack's answer.
    Backend,
    /// Whose the other end is, which is on this machine too.
    Counterpart,
    /// The other end, should it be on this machine: until a pass has looked everywhere.
    Join,
    /// The same for a moment only, where the address could do: a sidecar's leg looks like a way out of the pod until the
    /// sidecar's socket is seen.
    Shortly,
}

/// A wait and its end; `None`: something other than time ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) on: Wait,
    pub(crate) until: Option<Monotonic>,
}

/// Why a connection is not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    Host,
    Foreign,
    /// It stays inside one pod.
    LocalLeg,
    /// Nobody knew its pod when the room for waiting ran out.
    Dropped,
}

#[derive(Debug)]
pub(crate) enum Verdict {
    Edge(Local, Box<Resolution>),
    Ignored(Ignored),
    Wait(Waiting),
}

/// What conntrack says of a Service's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Backend {
    Unasked,
    Asked,
    Answered(Option<SocketAddr>),
}

/// Every kind of wait has its time once, however often it is looked at in between.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    Local,
    Counterpart,
    Owner,
    Backend,
    BackendOwner,
    Shortly,
    Settled,
    Requested,
}

#[derive(Debug)]
pub(crate) struct Inquiry {
    pub(crate) key: u64,
    pub(crate) end: End,
    pub(super) seen: Monotonic,
    seen_pass: u32,
    pub(super) standing: Option<Standing>,
    pub(super) backend: Backend,
    /// The end of each wait; 0: not begun.
    until: [Monotonic; 8],
}

impl Inquiry {
    pub(crate) fn new(key: u64, end: End, passes: Passes, now: Monotonic) -> Self {
        let (backend, until) = (Backend::Unasked, [0; 8]);
        Self { key, end, seen: now, seen_pass: passes.begun(), standing: None, backend, until }
    }

    /// The same without a question to conntrack, which cannot tell.
    pub(crate) fn without_backend(self) -> Self {
        Self { backend: Backend::Answered(None), ..self }
    }

    /// Until when to wait, if there is still time.
    pub(super) fn patience(&mut self, kind: Patience, limit: Monotonic, moment: Moment) -> Option<Monotonic> {
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
