//! Resolves both ends of a connection to workloads, once for its life.
//!
//! ```text
//! cgroup, netns, address --local--> a pod of this node, or nothing to report
//! sequence numbers       --join---> the other end's socket, where it is on this machine
//! remote address         --identity-> its owner when the connection opened; a Service: conntrack's backend, and its owner
//!   v
//! Resolution             both workloads, the service, the requested service, the id that both ends share
//! ```
//!
//! A connection for which something is not known yet waits in the `queue`. What arrives (`arrivals`) wakes it, and `attempt` tries
//! again. Waits are bounded: after its timeout what is not known is `unknown`.

mod address_observation;
mod arrivals;
mod attempt;
mod cgroup;
mod end;
mod facts;
mod former_owners;
mod identity;
mod join;
mod kubelet;
mod living;
mod local;
mod outcome;
mod peer;
mod pending;
mod queue;
mod recent;
mod requested;
mod resolution;
mod saved;
mod shared_id;

pub(crate) use cgroup::SavedCgroup;
pub(crate) use end::End;
pub(crate) use identity::SavedIdentity;
pub(crate) use join::SavedPair;
pub use kubelet::{KubeletCgroups, TooDeep};
pub(crate) use local::{Local, PodSlot, SavedNetnsOwner, SavedSlot};
pub(crate) use outcome::{Ignored, Outcome, Resolved};
pub use peer::BackendQuery;
pub(crate) use pending::{Moment, PendingConnection, PendingCounters, SavedPending};
pub(crate) use resolution::{Resolution, SavedResolution};

use crate::record::Monotonic;
use address_observation::AddressObservations;
use hashbrown::HashMap;
use identity::Identities;
use join::Joins;
use local::Locals;
use longwire_model::identity::{Address, UnixNanos};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::LocalPod;
use queue::PendingQueue;
use std::collections::VecDeque;
use std::mem;
use std::net::IpAddr;
use std::time::Duration;

/// How long a connection's counts wait for its ends' names, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For each answer.
    pub answer: Monotonic,
    /// For the operator's update with a pod of this node. It is long, because the API server and the operator may be late, and the
    /// pod's connections must be reported. Where several nodes share a kernel, each pod of another node costs one such wait. Also, from
    /// a connection's opening on, for the owner of an address that pods have had, if none of them or several had it at that moment.
    pub pod: Monotonic,
    /// From its opening on, for a new owner of the other end's address. An address observation mostly reaches other nodes in a
    /// fraction of a second.
    pub settling: Monotonic,
}

#[derive(Debug)]
pub(crate) struct Resolver {
    locals: Locals,
    joins: Joins,
    identities: Identities,
    address_observations: AddressObservations,
    queue: PendingQueue,
    /// Keys of pending connections to try again, because what they wait for has arrived.
    due: VecDeque<u64>,
    /// The same, because their other end is known better now.
    woken: Vec<u64>,
    backends: Vec<BackendQuery>,
    /// The operator has sent an update.
    configured: bool,
    kubelet: KubeletCgroups,
    host_netns: u32,
    waits: Waits,
    wall_clock_offset: UnixNanos,
    pub(crate) counts: Counts,
}

/// Ends that stayed unknown, and why; and connections that were resolved early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ambiguous: u64,
    pub(crate) unanswered: u64,
    pub(crate) backend_unknown: u64,
    pub(crate) sources_outside: u64,
    /// Too many waited.
    pub(crate) forced: u64,
}

/// How much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) pods: usize,
    pub(crate) cgroups: usize,
    pub(crate) cgroups_evicted: u64,
    pub(crate) addresses: usize,
    pub(crate) addresses_evicted: u64,
    pub(crate) joins: usize,
    pub(crate) joins_evicted: u64,
    pub(crate) pending: usize,
}

impl Resolver {
    pub(crate) fn new(
        host_netns: u32,
        kubelet: KubeletCgroups,
        waits: Waits,
        max_pending: usize,
        wall_clock_offset: UnixNanos,
    ) -> Self {
        Self {
            locals: Locals::new(host_netns),
            joins: Joins::new(),
            identities: Identities::new(),
            address_observations: AddressObservations::new(),
            queue: PendingQueue::new(max_pending),
            due: VecDeque::new(),
            woken: Vec::new(),
            backends: Vec::new(),
            configured: false,
            kubelet,
            host_netns,
            waits,
            wall_clock_offset,
            counts: Counts::default(),
        }
    }

    /// For a [`PendingConnection`]: keys rise, and none comes twice.
    pub(crate) fn new_key(&mut self) -> u64 {
        self.queue.new_key()
    }

    pub(crate) fn edits(&self) -> u64 {
        self.locals.edits()
    }

    /// Forgets pods, addresses and observations that are out of use.
    pub(crate) fn sweep(&mut self, now: Monotonic) {
        self.locals.sweep(now);
        self.address_observations.sweep(now);
        self.identities.sweep(now);
    }

    /// Whether what is on for a pod of this node was edited since a connection of it last looked.
    #[inline]
    pub(crate) fn is_edited(&self, slot: PodSlot) -> bool {
        self.locals.is_edited(slot)
    }

    /// Age from which connections of the pod are long; `None`: as usual, or the pod is gone.
    pub(crate) fn long(&self, slot: PodSlot) -> Option<Duration> {
        self.locals.long(slot)
    }

    /// The pod as it is now; `None`: it is gone.
    pub(crate) fn local_now(&self, slot: PodSlot) -> Option<Local> {
        self.locals.now(slot)
    }

    /// What is configured for the pod now; `None`: it is gone.
    pub(crate) fn telemetry_now(&self, slot: PodSlot) -> Option<&Telemetry> {
        self.locals.telemetry(slot)
    }

    /// The pod as it would be, if its connections had to acquire their series anew for that.
    pub(crate) fn edited(&self, slot: PodSlot, pods: &HashMap<Box<str>, LocalPod>) -> Option<Local> {
        self.locals.edited(slot, pods)
    }

    pub(crate) fn configured(&self) -> bool {
        self.configured
    }

    pub(crate) fn local_pods(&self) -> impl Iterator<Item = &LocalPod> {
        self.locals.pods()
    }

    pub(crate) fn answers(&self) -> impl Iterator<Item = Address> {
        self.identities.answers()
    }

    pub(crate) fn interest(&self) -> Vec<IpAddr> {
        self.identities.addresses()
    }

    pub(crate) fn take_address_queries(&mut self) -> (Vec<IpAddr>, Vec<IpAddr>) {
        self.identities.take_queries()
    }

    /// Some may be of connections that do not wait any more.
    pub(crate) fn take_backend_queries(&mut self) -> Vec<BackendQuery> {
        mem::take(&mut self.backends)
    }

    pub(crate) fn is_pending(&self, key: u64) -> bool {
        self.queue.contains(key)
    }

    /// Connections that wait.
    pub(crate) fn pending(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes {
            pods: self.locals.pods().count(),
            cgroups: self.locals.cgroups.len(),
            cgroups_evicted: self.locals.cgroups.evicted,
            addresses: self.identities.len(),
            addresses_evicted: self.identities.evicted,
            joins: self.joins.len(),
            joins_evicted: self.joins.evicted,
            pending: self.queue.len(),
        }
    }
}
