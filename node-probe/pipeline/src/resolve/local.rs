//! The pods of this node, and the owner of a socket: by cgroup, else by network namespace, else, where the cgroup is known to be no
//! pod's, by address.

mod saved;
#[cfg(test)]
mod tests;

pub(crate) use saved::{SavedNetnsOwner, SavedSlot, SavedSocketOwner};

use super::cgroup::{Cgroups, Named};
use super::end::End;
use super::recent::Recent;
use crate::record::Monotonic;
use hashbrown::HashMap;
use longwire_model::expression::Expression;
use longwire_model::identity::Pod;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::LocalPod;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A removed pod stays known by its UID for this long, because records of its last connections come late.
const GRACE_PERIOD: Monotonic = 60_000_000_000;
/// Most network namespaces that are remembered; a pod has one.
const NAMESPACES: usize = 16_384;

/// The kernel side reports this number for a namespace that a container made for itself.
const UNTRUSTED: u32 = 0;

/// A reference to a pod of this node, in 6 bytes. The generation differs when the slot has become another pod's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct PodSlot {
    index: u16,
    generation: u16,
    /// Of the pod's telemetry, when the connection that has this last read it.
    revision: u16,
}

#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) slot: PodSlot,
    pub(crate) pod: Arc<Pod>,
    pub(crate) telemetry: Arc<Telemetry>,
}

/// The owner of a socket.
#[derive(Clone, Debug)]
pub(crate) enum SocketOwner {
    Pod(Local),
    /// A process of the node, in no pod.
    Host,
    /// A pod of another node that shares this kernel, or a container that is no pod.
    Foreign,
}

#[derive(Debug)]
pub(crate) enum Finding {
    Settled(SocketOwner),
    /// Not known yet. It is taken for `otherwise` after a timeout, which began at `since` for all connections of the cgroup.
    Open {
        since: Monotonic,
        otherwise: SocketOwner,
        /// Its cgroup is a pod's.
        is_pod: bool,
    },
}

#[derive(Debug)]
struct Slot {
    generation: u16,
    /// Rises with each edit, so that connections acquire their series anew. It wraps: a connection that misses exactly 65,536 edits
    /// keeps its series, which is harmless.
    revision: u16,
    /// Age from which connections of the pod are long.
    long: Option<Duration>,
    held: Option<LocalPod>,
    removed: Option<Monotonic>,
}

/// The pod that owns a network namespace, as far as its sockets show.
#[derive(Clone, Copy, Debug)]
enum NetnsOwner {
    /// A socket of the pod has an address there that is the pod's own.
    Proven(PodSlot),
    /// All sockets that were seen there are this pod's.
    Assumed(PodSlot),
    /// Sockets of several pods were seen there.
    Many,
}

#[derive(Debug)]
pub(crate) struct Locals {
    slots: Vec<Slot>,
    free: Vec<u16>,
    by_uid: HashMap<Box<str>, u16>,
    /// Pods with a network of their own.
    by_address: HashMap<IpAddr, Vec<u16>>,
    netns_owners: Recent<u32, NetnsOwner>,
    pub(super) cgroups: Cgroups,
    host_netns: u32,
    edits: u64,
}

impl PodSlot {
    pub(super) fn is(self, other: Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }

    /// The slot's place, and which of the pods that have had it.
    pub(crate) fn tenancy(self) -> (u16, u16) {
        (self.index, self.generation)
    }

    /// Identifies the pod and the revision of its telemetry.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.index) << 32 | u64::from(self.generation) << 16 | u64::from(self.revision)
    }
}

impl Locals {
    pub(super) fn new(host_netns: u32) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_uid: HashMap::new(),
            by_address: HashMap::new(),
            netns_owners: Recent::new(NAMESPACES),
            cgroups: Cgroups::new(),
            host_netns,
            edits: 0,
        }
    }

    /// How often the telemetry of a pod was edited.
    pub(super) fn edits(&self) -> u64 {
        self.edits
    }

    /// Pods that are on this node now.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &LocalPod> {
        self.slots.iter().filter(|slot| slot.removed.is_none()).filter_map(|slot| slot.held.as_ref())
    }

    /// The current [`PodSlot::number`] of each of them.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        let living = (0..).zip(&self.slots).filter(|(_, slot)| slot.removed.is_none() && slot.held.is_some());
        living.map(|(index, slot)| PodSlot { index, generation: slot.generation, revision: slot.revision }.number())
    }

    /// Whether the pod's telemetry was edited since the slot was read. A pod that is gone counts as unedited.
    #[inline]
    pub(super) fn is_edited(&self, slot: PodSlot) -> bool {
        let at = self.slots.get(usize::from(slot.index));
        at.is_some_and(|at| at.revision != slot.revision && at.generation == slot.generation)
    }

    /// Age from which connections of the pod are long.
    pub(super) fn long(&self, slot: PodSlot) -> Option<Duration> {
        self.at(slot)?.long
    }

    /// The pod as it is now; `None`: it is gone.
    pub(super) fn now(&self, slot: PodSlot) -> Option<Local> {
        self.at(slot).and_then(|_| self.local(slot.index))
    }

    /// What is configured for the pod now; `None`: it is gone.
    pub(super) fn telemetry(&self, slot: PodSlot) -> Option<&Telemetry> {
        self.at(slot)?.held.as_ref().map(|held| held.telemetry.as_ref())
    }

    /// The pod as it would be; `None`: not among these, gone, or no edit.
    pub(super) fn edited(&self, slot: PodSlot, pods: &HashMap<Box<str>, LocalPod>) -> Option<Local> {
        let held = self.at(slot)?.held.as_ref()?;
        let after = pods.get(held.pod.uid.as_str()).filter(|after| is_edit(held, after))?;
        Some(Local { slot, pod: Arc::clone(&after.pod), telemetry: Arc::clone(&after.telemetry) })
    }

    pub(super) fn upsert(&mut self, pod: &LocalPod) {
        let known = self.by_uid.get(pod.pod.uid.as_str()).copied();
        let Some(index) = known.or_else(|| self.allocate(&pod.pod.uid)) else { return };
        self.unlist(index);
        let slot = &mut self.slots[index as usize];
        if slot.held.as_ref().is_some_and(|held| is_edit(held, pod)) {
            slot.revision = slot.revision.wrapping_add(1);
            self.edits += 1;
        }
        slot.long = pod.telemetry.long_connections;
        slot.held = Some(pod.clone());
        slot.removed = None;
        self.list(index);
    }

    pub(super) fn remove(&mut self, uid: &str, now: Monotonic) {
        let Some(index) = self.by_uid.get(uid).copied() else { return };
        self.unlist(index);
        self.slots[index as usize].removed = Some(now);
    }

    /// Forgets pods that left a while ago.
    pub(super) fn sweep(&mut self, now: Monotonic) {
        let Self { slots, free, by_uid, .. } = self;
        let is_due = |slot: &Slot| slot.removed.is_some_and(|since| now.saturating_sub(since) > GRACE_PERIOD);
        for (index, slot) in (0..).zip(slots).filter(|(_, slot)| is_due(slot)) {
            if let Some(held) = slot.held.take() {
                by_uid.remove(held.pod.uid.as_str());
            }
            slot.removed = None;
            slot.generation = slot.generation.wrapping_add(1);
            free.push(index);
        }
    }

    pub(super) fn knows(&self, uid: &str) -> bool {
        self.by_uid.contains_key(uid)
    }

    /// The pod is known, and its status names this address, or none yet.
    pub(super) fn may_have(&self, uid: &str, address: IpAddr) -> bool {
        let held = self.by_uid.get(uid).and_then(|index| self.slots[usize::from(*index)].held.as_ref());
        held.is_some_and(|held| held.pod.addresses.is_empty() || held.pod.addresses.contains(&address))
    }

    /// UIDs of the pods that have the address by their status, removed pods of the grace period included.
    pub(super) fn lately_at(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        let pods = self.slots.iter().filter_map(|slot| slot.held.as_ref()).map(|held| &held.pod);
        let at_address = pods.filter(move |pod| !pod.host_network && pod.addresses.contains(&address));
        at_address.map(|pod| pod.uid.as_str())
    }

    pub(super) fn find(&mut self, end: &End, now: Monotonic) -> Finding {
        let named = self.cgroups.named(end.cgroup);
        let known = named.and_then(Named::uid).and_then(|uid| self.by_uid.get(uid).copied());
        let (is_named, is_pod) = (named.is_some(), matches!(named, Some(Named::Pod(_))));
        let is_outside = matches!(named, Some(Named::Outside));
        if let Some(local) = known.and_then(|index| self.local(index)) {
            if self.is_guest(end, &local) {
                return Finding::Settled(SocketOwner::Foreign);
            }
            self.learn(end, &local);
            return Finding::Settled(SocketOwner::Pod(local));
        }
        if is_pod {
            let since = self.cgroups.wanted_since(end.cgroup, now);
            return Finding::Open { since, otherwise: SocketOwner::Foreign, is_pod: true };
        }
        let otherwise = if end.netns == self.host_netns { SocketOwner::Host } else { SocketOwner::Foreign };
        let open = |otherwise| Finding::Open { since: now, otherwise, is_pod: false };
        if !is_named {
            // A pass may see a socket before the ring names its cgroup. The inode of its namespace may have been another pod's a
            // moment ago, so the namespace's owner is taken after a timeout only.
            return open(self.netns_owner(end.netns).map_or(otherwise, SocketOwner::Pod));
        }
        if is_outside || end.netns == self.host_netns {
            return Finding::Settled(otherwise);
        }
        match self.of_namespace(end) {
            Some(local) => Finding::Settled(SocketOwner::Pod(local)),
            None => open(otherwise),
        }
    }

    /// The pod that owns the socket's namespace or address. `None` for a namespace that a container made, because it may use any
    /// address there.
    fn of_namespace(&mut self, end: &End) -> Option<Local> {
        if end.netns == UNTRUSTED {
            return None;
        }
        self.netns_owner(end.netns).or_else(|| self.pod_at(end.local.ip()))
    }

    /// A slot for a new pod. `None`: all 65,536 are taken, hundreds of times as many as Kubernetes allows on a node. Connections of
    /// further pods are foreign.
    fn allocate(&mut self, uid: &str) -> Option<u16> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let last = u16::try_from(self.slots.len()).ok()?;
                self.slots.push(Slot { generation: 0, revision: 0, long: None, held: None, removed: None });
                last
            }
        };
        self.by_uid.insert(uid.into(), index);
        Some(index)
    }

    /// Enters the addresses of a pod that has a network of its own.
    fn list(&mut self, index: u16) {
        let Some(held) = self.slots[index as usize].held.as_ref().filter(|held| !held.pod.host_network) else { return };
        for address in &held.pod.addresses {
            self.by_address.entry(*address).or_default().push(index);
        }
    }

    /// Removes the pod's addresses. It stays known by its UID.
    fn unlist(&mut self, index: u16) {
        let Some(held) = &self.slots[index as usize].held else { return };
        for address in &held.pod.addresses {
            if let Some(pods) = self.by_address.get_mut(address) {
                pods.retain(|pod| *pod != index);
                if pods.is_empty() {
                    self.by_address.remove(address);
                }
            }
        }
    }

    fn at(&self, slot: PodSlot) -> Option<&Slot> {
        self.slots.get(slot.index as usize).filter(|at| at.generation == slot.generation && at.held.is_some())
    }

    fn local(&self, index: u16) -> Option<Local> {
        let slot = &self.slots[index as usize];
        let held = slot.held.as_ref()?;
        let slot = PodSlot { index, generation: slot.generation, revision: slot.revision };
        Some(Local { slot, pod: Arc::clone(&held.pod), telemetry: Arc::clone(&held.telemetry) })
    }

    fn is_here(&self, slot: PodSlot) -> bool {
        self.at(slot).is_some() && self.slots[slot.index as usize].removed.is_none()
    }

    /// A pod's socket in another pod's network, as a mesh's proxy of the node makes them there. It acts for the other pod and is not
    /// reported for its own. Only a pod whose addresses are known can be recognized as a guest.
    fn is_guest(&mut self, end: &End, local: &Local) -> bool {
        let (own, address) = (&local.pod.addresses, end.local.ip());
        if end.netns == self.host_netns || end.netns == UNTRUSTED || own.is_empty() || own.contains(&address) {
            return false;
        }
        match self.netns_owners.get(&end.netns).copied() {
            Some(NetnsOwner::Proven(owner)) if owner.is(local.slot) => return false,
            Some(NetnsOwner::Proven(owner)) if self.is_here(owner) => return true,
            _ => {}
        }
        // On loopback both addresses are of this network, else only the local one is.
        let of_network = if address.is_loopback() { end.remote.ip() } else { address };
        let Some(host) = self.pod_at(of_network).filter(|pod| !pod.slot.is(local.slot)) else { return false };
        self.netns_owners.insert(end.netns, NetnsOwner::Proven(host.slot));
        true
    }

    /// Remembers the owner of a namespace. A namespace ends with its pod, and the kernel gives its inode to a later one.
    fn learn(&mut self, end: &End, local: &Local) {
        let netns = end.netns;
        if local.pod.host_network || netns == self.host_netns || netns == UNTRUSTED {
            return;
        }
        let is_own = local.pod.addresses.contains(&end.local.ip());
        let netns_owner = match self.netns_owners.get(&netns).copied() {
            Some(NetnsOwner::Proven(known)) if known.is(local.slot) => return,
            Some(NetnsOwner::Proven(known)) if !is_own && self.is_here(known) => return,
            _ if is_own => NetnsOwner::Proven(local.slot),
            Some(NetnsOwner::Many) => return,
            Some(NetnsOwner::Assumed(known)) if known.is(local.slot) => return,
            Some(NetnsOwner::Assumed(known)) if self.is_here(known) => NetnsOwner::Many,
            Some(NetnsOwner::Assumed(_) | NetnsOwner::Proven(_)) | None => NetnsOwner::Assumed(local.slot),
        };
        self.netns_owners.insert(netns, netns_owner);
    }

    fn netns_owner(&mut self, netns: u32) -> Option<Local> {
        match self.netns_owners.get(&netns).copied() {
            Some(NetnsOwner::Proven(slot) | NetnsOwner::Assumed(slot)) if self.is_here(slot) => self.local(slot.index),
            _ => None,
        }
    }

    fn pod_at(&self, address: IpAddr) -> Option<Local> {
        match self.by_address.get(&address)?.as_slice() {
            [only] => self.local(*only),
            _ => None,
        }
    }
}

/// Whether connections of the pod must acquire their series anew: other metrics, other tags, or other values that tags read. The
/// names of the ends stay.
fn is_edit(before: &LocalPod, after: &LocalPod) -> bool {
    let is_same = Arc::ptr_eq(&before.telemetry, &after.telemetry) || before.telemetry == after.telemetry;
    if !is_same {
        return true;
    }
    let (before, pod) = (&before.pod, &after.pod);
    let mut read = expressions(&after.telemetry).peekable();
    let is_moved = || before.service_account != pod.service_account || before.place != pod.place;
    read.peek().is_some() && is_moved()
        || read.flat_map(Expression::labels).any(|name| before.label(name) != pod.label(name))
}

fn expressions(telemetry: &Telemetry) -> impl Iterator<Item = &Expression> {
    let groups = telemetry.source.iter().chain(&telemetry.destination);
    groups.flat_map(|group| &group.tags).filter_map(|tag| tag.value.as_ref()).map(|value| &value.expression)
}
