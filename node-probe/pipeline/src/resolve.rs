//! Who are the two ends of a connection? Asked once for each, latched for its life.
//!
//! ```text
//! cgroup, netns, address --local--> a pod of this node, or nothing to report
//! sequence numbers       --join---> the other end's socket, where it is on this machine
//! remote address         --identity-> its owner when the connection opened; a Service: conntrack's backend, and its owner
//!   v
//! Resolution             both workloads, the service, what was dialled
//! ```

mod cgroup;
mod end;
mod facts;
mod identity;
mod inquiry;
mod join;
mod kubelet;
mod local;
mod peer;
mod recent;
mod requested;
mod resolution;
mod saved;
mod sighting;
mod subject;

pub(crate) use cgroup::SavedCgroup;
pub(crate) use end::End;
pub(crate) use identity::SavedIdentity;
pub(crate) use inquiry::{Ignored, Inquiry, Moment, Verdict, Wait, Waiting, Whose};
pub(crate) use join::SavedPair;
pub use kubelet::{KubeletCgroups, TooDeep};
pub(crate) use local::{Local, PodSlot, SavedSlot, SavedTenant};
pub use peer::BackendQuestion;
pub(crate) use resolution::{Resolution, SavedResolution};
pub(crate) use saved::SavedCase;
pub(crate) use subject::Subject;

use crate::connection::Passes;
use crate::metrics::{Mention, TagSource};
use crate::record::{Monotonic, SightRecord};
use cgroup::Named;
use hashbrown::HashSet;
use identity::Identities;
use inquiry::{Backend, Patience};
use join::Joins;
use local::{Finding, Locals, Standing};
use longwire_model::identity::{Address, Sighting, UnixNanos, Workload};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use peer::Look;
use sighting::{Seen, Sightings};
use std::collections::BTreeSet;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Pods that had one address before, of which the operator is told.
const MOST_OTHERS: usize = 8;

/// How long a connection's counts wait for its ends' names, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For each answer.
    pub answer: Monotonic,
    /// For word of a pod of this node: what its cgroup holds is this node's to report, however late the API server and the
    /// operator tell of it. Where several nodes share a kernel, a pod of another costs one such wait.
    pub pod: Monotonic,
    /// From its opening on, for word that the other end's address has changed hands. A pod's first word reaches another node
    /// in a fraction of a second.
    pub settling: Monotonic,
}

/// Pods that live, and their workloads.
#[derive(Debug)]
pub(crate) struct Living<'a> {
    workloads: HashSet<&'a Workload>,
    pods: HashSet<&'a str>,
    /// Numbers of this node's pods, as they are configured now.
    configured: HashSet<u64>,
}

impl Living<'_> {
    pub(crate) fn contains(&self, named: Mention<'_>) -> bool {
        match named {
            Mention::Workload(workload) => self.workloads.contains(workload),
            Mention::Pod(pod) => self.pods.contains(pod.uid.as_str()),
            Mention::TagSource(TagSource { pod, peer }) => {
                self.configured.contains(pod) && peer.as_ref().is_none_or(|peer| self.pods.contains(peer.uid.as_str()))
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Enrich {
    locals: Locals,
    joins: Joins,
    identities: Identities,
    sightings: Sightings,
    backends: Vec<BackendQuestion>,
    /// Inquiries for which something has changed.
    woken: Vec<u64>,
    configured: bool,
    kubelet: KubeletCgroups,
    host_netns: u32,
    waits: Waits,
    wall_clock_offset: UnixNanos,
    pub(crate) counts: Counts,
}

/// Ends that stayed unknown, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ambiguous: u64,
    pub(crate) unanswered: u64,
    pub(crate) backend_unknown: u64,
    pub(crate) sources_outside: u64,
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
}

impl Enrich {
    pub(crate) fn new(host_netns: u32, kubelet: KubeletCgroups, waits: Waits, wall_clock_offset: UnixNanos) -> Self {
        Self {
            locals: Locals::new(host_netns),
            joins: Joins::new(),
            identities: Identities::new(),
            sightings: Sightings::new(),
            backends: Vec::new(),
            woken: Vec::new(),
            configured: false,
            kubelet,
            host_netns,
            waits,
            wall_clock_offset,
            counts: Counts::default(),
        }
    }

    pub(crate) fn set_clock(&mut self, wall_clock_offset: UnixNanos) {
        self.wall_clock_offset = wall_clock_offset;
    }

    /// An end is seen for the first time.
    pub(crate) fn register(&mut self, inquiry: &Inquiry, passes: Passes) {
        self.woken.extend(self.joins.register(&inquiry.end, inquiry.key, passes));
    }

    /// Who pays for what the inquiry takes.
    pub(crate) fn whose(&mut self, inquiry: &Inquiry) -> Whose {
        if let Some(Standing::Pod(local)) = &inquiry.standing {
            return Whose::pod(&local.pod.uid);
        }
        let cgroup = inquiry.end.cgroup;
        match self.locals.cgroups.named(cgroup) {
            Some(Named::Pod(uid) | Named::Perhaps(uid)) => Whose::pod(&uid),
            Some(Named::NoPod | Named::Outside) | None => Whose(cgroup),
        }
    }

    /// Goes as far as what is known now leads.
    pub(crate) fn pursue(&mut self, inquiry: &mut Inquiry, moment: Moment) -> Verdict {
        let verdict = self.judge(inquiry, moment);
        if !matches!(verdict, Verdict::Wait(_)) {
            self.joins.finish(&inquiry.end);
        }
        verdict
    }

    fn judge(&mut self, inquiry: &mut Inquiry, moment: Moment) -> Verdict {
        let local = match self.standing(inquiry, moment) {
            Ok(Standing::Pod(local)) => local,
            Ok(Standing::Host) => return Verdict::Ignored(Ignored::Host),
            Ok(Standing::Foreign) => return Verdict::Ignored(Ignored::Foreign),
            Err(unsettled) => return unsettled,
        };
        match self.look(inquiry, &local, moment) {
            Look::Peer(peer) => match self.requested(inquiry, &local, moment) {
                Ok(requested) => {
                    let resolution = Resolution::new(&inquiry.end, &local.pod, peer, requested.as_ref());
                    Verdict::Edge(local, Box::new(resolution))
                }
                Err(waiting) => Verdict::Wait(waiting),
            },
            Look::Itself => Verdict::Ignored(Ignored::LocalLeg),
            Look::Host => Verdict::Ignored(Ignored::Host),
            Look::Wait(waiting) => Verdict::Wait(waiting),
        }
    }

    /// Whose socket this is; once settled it stays.
    fn standing(&mut self, inquiry: &mut Inquiry, moment: Moment) -> Result<Standing, Verdict> {
        if let Some(standing) = &inquiry.standing {
            return Ok(standing.clone());
        }
        if !self.configured {
            let verdict = if moment.forced {
                self.settle(inquiry, Standing::Foreign);
                Verdict::Ignored(Ignored::Dropped)
            } else {
                Verdict::Wait(Waiting { on: Wait::Configuration, until: None })
            };
            return Err(verdict);
        }
        match self.locals.find(&inquiry.end, moment.now) {
            Finding::Settled(standing) => Ok(self.settle(inquiry, standing)),
            Finding::Open { since, otherwise, is_pod } => {
                let on = Wait::Local(inquiry.end.cgroup);
                let wait = if is_pod { self.waits.pod } else { self.waits.answer };
                match inquiry.patience(Patience::Local, since + wait, moment) {
                    Some(until) => Err(Verdict::Wait(Waiting { on, until: Some(until) })),
                    None => {
                        let settled = self.settle(inquiry, otherwise);
                        if moment.forced { Err(Verdict::Ignored(Ignored::Dropped)) } else { Ok(settled) }
                    }
                }
            }
        }
    }

    fn settle(&mut self, inquiry: &mut Inquiry, standing: Standing) -> Standing {
        self.woken.extend(self.joins.settle(&inquiry.end, &standing));
        inquiry.standing = Some(standing.clone());
        standing
    }

    /// Names a cgroup by its directories, from the root of the tree on; `None`: it is not in the tree.
    pub(crate) fn name_cgroup(&mut self, cgroup: u64, names: Option<&[&str]>) {
        let named = names.map_or(Named::Outside, |names| Named::of(&self.kubelet, names));
        self.locals.cgroups.name(cgroup, named);
    }

    /// A cgroup speaks to others for the first time. Who shares the node's addresses says nothing by that.
    pub(crate) fn sight(&mut self, record: &SightRecord) {
        let SightRecord { cgroup, netns, local: address, time: at } = *record;
        if netns != self.host_netns
            && let Some(Named::Pod(uid) | Named::Perhaps(uid)) = self.locals.cgroups.named(cgroup)
        {
            self.sightings.see(cgroup, Seen { uid, address, at });
        }
    }

    /// Of this node's pods, what is to be told now. Who had the address before, as far as is known here, may be gone by now;
    /// whoever can look shall keep those of them that are.
    pub(crate) fn take_sightings(&mut self) -> Vec<Sighting> {
        let taken = self.sightings.take(|uid| self.locals.knows(uid)).into_iter();
        let tell = |(seen, is_fresh): (Seen, bool)| {
            let gone = if is_fresh { self.before_at(&seen) } else { Vec::new() };
            Sighting { gone, ..seen.by_clock(self.wall_clock_offset) }
        };
        taken.map(tell).collect()
    }

    /// Pods that have the address as well, or had it lately, and are not known to have spoken from it only later. That the operator
    /// has said of one that it is gone says nothing of when. One whose status names other addresses has this one by its own word
    /// alone, which counts for nothing.
    fn before_at(&self, seen: &Seen) -> Vec<String> {
        let spoke: Vec<(&str, Monotonic)> = self.sightings.at(seen.address).collect();
        let is_before = |uid: &str| {
            let mut times = spoke.iter().filter(|(who, _)| *who == uid).map(|(_, at)| *at).peekable();
            times.peek().is_none() || times.any(|at| at <= seen.at)
        };
        let others = self.locals.lately_at(seen.address).chain(spoke.iter().map(|(uid, _)| *uid));
        let may_have = |uid: &str| uid != &*seen.uid && self.locals.may_have(uid, seen.address);
        let others = others.filter(|uid| may_have(uid) && is_before(uid));
        others.collect::<BTreeSet<_>>().into_iter().take(MOST_OTHERS).map(str::to_owned).collect()
    }

    /// A stream begins: its operator is to be told all that is known of this node's pods.
    pub(crate) fn repeat_sightings(&mut self, now: Monotonic) {
        self.sightings.repeat_all(now);
    }

    pub(crate) fn apply(&mut self, update: &Update, now: Monotonic) {
        self.configured = true;
        for pod in &update.pods {
            for address in pod.pod.addresses.iter().filter(|_| !pod.pod.host_network) {
                if self.locals.lately_at(*address).all(|uid| uid != pod.pod.uid) {
                    self.sightings.repeat_at(*address, &pod.pod.uid, now);
                }
            }
            self.locals.upsert(pod);
        }
        for uid in &update.removed_pods {
            self.locals.remove(uid, now);
        }
        for address in &update.addresses {
            self.identities.answer(address);
        }
    }

    pub(crate) fn edits(&self) -> u64 {
        self.locals.edits()
    }

    pub(crate) fn end_pass(&mut self, passes: Passes) {
        self.joins.end_pass(passes);
    }

    /// Forgets what nobody used for long.
    pub(crate) fn sweep(&mut self, now: Monotonic) {
        self.locals.sweep(now);
        self.sightings.sweep(now);
        self.identities.sweep(now);
    }

    /// Inquiries to pursue again.
    pub(crate) fn woken(&mut self) -> Option<u64> {
        self.woken.pop()
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

    /// The pods that live, as far as this node knows.
    pub(crate) fn living(&self) -> Living<'_> {
        let pods = || self.locals.pods().map(|local| &local.pod).chain(self.identities.living());
        Living {
            workloads: pods().map(|pod| pod.workload.as_ref()).collect(),
            pods: pods().map(|pod| pod.uid.as_str()).collect(),
            configured: self.locals.numbers().collect(),
        }
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

    /// The connection is of no more interest; but the other end may be.
    pub(crate) fn drop_inquiry(&mut self, inquiry: &Inquiry) {
        self.joins.finish(&inquiry.end);
    }

    pub(crate) fn interest(&self) -> Vec<IpAddr> {
        self.identities.addresses()
    }

    pub(crate) fn take_address_questions(&mut self) -> (Vec<IpAddr>, Vec<IpAddr>) {
        self.identities.take_questions()
    }

    pub(crate) fn take_backend_questions(&mut self) -> Vec<BackendQuestion> {
        mem::take(&mut self.backends)
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
        }
    }
}

impl Inquiry {
    pub(crate) fn answer_backend(&mut self, answer: Option<SocketAddr>) {
        if self.backend == Backend::Asked {
            self.backend = Backend::Answered(answer);
        }
    }
}
