//! The saved form of the node's pods, of the owners of network namespaces, and of a socket's owner.

use super::{Local, Locals, NetnsOwner, PodSlot, Slot, SocketOwner};
use crate::record::Monotonic;
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use longwire_model::update::LocalPod;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedSlot {
    generation: u16,
    revision: u16,
    /// Pod and telemetry.
    held: Option<(u32, u32)>,
    removed: Option<Monotonic>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedNetnsOwner {
    netns: u32,
    /// `None`: many.
    netns_owner: Option<PodSlot>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum SavedSocketOwner {
    /// With its pod and telemetry.
    Pod(PodSlot, u32, u32),
    Host,
    Foreign,
}

impl Locals {
    /// The slot at this index, and the next index. Free slots are saved too: connections refer to slots by index and generation.
    pub(in crate::resolve) fn save<'v>(&'v self, at: u64, numbers: &mut Numbers<'_, 'v>) -> Option<(SavedSlot, u64)> {
        let Slot { generation, revision, long: _, held, removed } = self.slots.get(usize::try_from(at).ok()?)?;
        let held = held.as_ref().map(|held| (numbers.pod(&held.pod), numbers.telemetry(&held.telemetry)));
        Some((SavedSlot { generation: *generation, revision: *revision, held, removed: *removed }, at + 1))
    }

    pub(in crate::resolve) fn restore(&mut self, saved: SavedSlot, shared: &Shared) -> Result<(), Flaw> {
        let SavedSlot { generation, revision, held, removed } = saved;
        let local = |(pod, telemetry)| Ok(LocalPod { pod: shared.pod(pod)?, telemetry: shared.telemetry(telemetry)? });
        let held: Option<LocalPod> = held.map(local).transpose()?;
        let index = u16::try_from(self.slots.len()).map_err(|_| Flaw::Implausible("number of pods"))?;
        match &held {
            Some(held) if self.by_uid.contains_key(held.pod.uid.as_str()) => return Err(Flaw::Twice("pod")),
            Some(held) => drop(self.by_uid.insert(held.pod.uid.as_str().into(), index)),
            None if removed.is_some() => return Err(Flaw::Implausible("removal of no pod")),
            None => self.free.push(index),
        }
        let long = held.as_ref().and_then(|held| held.telemetry.long_connections);
        self.slots.push(Slot { generation, revision, long, held, removed });
        if removed.is_none() {
            self.list(index);
        }
        Ok(())
    }

    /// A slot that was left out keeps its index, empty. No other pod gets it from this process, because entries that refer to it
    /// would take that pod for theirs.
    pub(in crate::resolve) fn restore_gap(&mut self) {
        if u16::try_from(self.slots.len()).is_ok() {
            self.slots.push(Slot { generation: 0, revision: 0, long: None, held: None, removed: None });
        }
    }

    /// The namespace of this turn, or of the first one after it, and the next turn.
    pub(in crate::resolve) fn save_netns_owner(&self, mut at: u64) -> Option<(SavedNetnsOwner, u64)> {
        loop {
            let (turn, netns, netns_owner) = self.netns_owners.since(at)?;
            at = turn + 1;
            let netns_owner = match netns_owner {
                NetnsOwner::Proven(slot) => Some(*slot),
                NetnsOwner::Many => None,
                // The pod's next socket says as much.
                NetnsOwner::Assumed(_) => continue,
            };
            return Some((SavedNetnsOwner { netns: *netns, netns_owner }, at));
        }
    }

    pub(in crate::resolve) fn restore_netns_owner(&mut self, saved: SavedNetnsOwner) -> Result<(), Flaw> {
        let netns_owner = match saved.netns_owner {
            Some(slot) => NetnsOwner::Proven(self.checked(slot)?),
            None => NetnsOwner::Many,
        };
        self.netns_owners.insert(saved.netns, netns_owner);
        Ok(())
    }

    /// The slot of a live connection. Where the pod is gone, the slot refers to no pod.
    pub(in crate::resolve) fn restore_held(&self, slot: PodSlot) -> PodSlot {
        if self.at(slot).is_some() { slot } else { PodSlot { index: u16::MAX, ..slot } }
    }

    /// The same, and the pod's telemetry counts as edited since.
    pub(in crate::resolve) fn restore_edited(&self, slot: PodSlot) -> PodSlot {
        let slot = self.restore_held(slot);
        let edited = |at: &Slot| PodSlot { revision: at.revision.wrapping_sub(1), ..slot };
        self.at(slot).map_or(slot, edited)
    }

    /// A slot as it was saved; its pod may be gone.
    fn checked(&self, slot: PodSlot) -> Result<PodSlot, Flaw> {
        if (slot.index as usize) < self.slots.len() { Ok(slot) } else { Err(Flaw::Dangling("pod's slot")) }
    }

    pub(in crate::resolve) fn restore_socket_owner(
        &self,
        saved: SavedSocketOwner,
        shared: &Shared,
    ) -> Result<SocketOwner, Flaw> {
        Ok(match saved {
            SavedSocketOwner::Pod(slot, pod, telemetry) => SocketOwner::Pod(Local {
                slot: self.checked(slot)?,
                pod: shared.pod(pod)?,
                telemetry: shared.telemetry(telemetry)?,
            }),
            SavedSocketOwner::Host => SocketOwner::Host,
            SavedSocketOwner::Foreign => SocketOwner::Foreign,
        })
    }
}

impl SocketOwner {
    pub(in crate::resolve) fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> SavedSocketOwner {
        match self {
            Self::Pod(local) => {
                SavedSocketOwner::Pod(local.slot, numbers.pod(&local.pod), numbers.telemetry(&local.telemetry))
            }
            Self::Host => SavedSocketOwner::Host,
            Self::Foreign => SavedSocketOwner::Foreign,
        }
    }
}
