//! The node's pods as state has them, and whose a socket is.

use super::{Local, Locals, PodSlot, Slot, Standing, Tenant};
use crate::state::{Flaw, Item, SavedSlot, SavedStanding, Shared, Writer};
use longwire_model::update::LocalPod;

impl Locals {
    /// Free ones too: connections name slots by index and generation.
    pub(in crate::resolve) fn save(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let Slot { generation, revision, long: _, held, removed } = self.slots.get(usize::try_from(at).ok()?)?;
        let held = held.as_ref().map(|held| (to.pod(&held.pod), to.telemetry(&held.telemetry)));
        to.write(&Item::Slot(SavedSlot { generation: *generation, revision: *revision, held, removed: *removed }));
        Some(at + 1)
    }

    pub(in crate::resolve) fn restore(&mut self, saved: SavedSlot, shared: &Shared) -> Result<(), Flaw> {
        let SavedSlot { generation, revision, held, removed } = saved;
        let local = |(pod, telemetry)| Ok(LocalPod { pod: shared.pod(pod)?, telemetry: shared.telemetry(telemetry)? });
        let held: Option<LocalPod> = held.map(local).transpose()?;
        let index = u16::try_from(self.slots.len()).map_err(|_| Flaw::Implausible("number of pods"))?;
        match &held {
            Some(held) if self.by_uid.contains_key(held.pod.uid.as_str()) => return Err(Flaw::Twice("pod")),
            Some(held) => drop(self.by_uid.insert(held.pod.uid.as_str().into(), index)),
            None if removed.is_some() => return Err(Flaw::Implausible("removal of nobody")),
            None => self.free.push(index),
        }
        let long = held.as_ref().and_then(|held| held.telemetry.long_connections);
        self.slots.push(Slot { generation, revision, long, held, removed });
        if removed.is_none() {
            self.list(index);
        }
        Ok(())
    }

    /// A slot that was left out keeps its index. Nobody is in it, and no other pod gets it from this process: what names it
    /// would take that pod for its own.
    pub(in crate::resolve) fn restore_gap(&mut self) {
        if u16::try_from(self.slots.len()).is_ok() {
            self.slots.push(Slot { generation: 0, revision: 0, long: None, held: None, removed: None });
        }
    }

    pub(in crate::resolve) fn save_tenant(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let (turn, netns, tenant) = self.tenants.since(at)?;
        match tenant {
            Tenant::Owner(slot) => to.write(&Item::Tenant { netns: *netns, tenant: Some(*slot) }),
            Tenant::Many => to.write(&Item::Tenant { netns: *netns, tenant: None }),
            // The next socket says as much.
            Tenant::One(_) => {}
        }
        Some(turn + 1)
    }

    pub(in crate::resolve) fn restore_tenant(&mut self, netns: u32, tenant: Option<PodSlot>) -> Result<(), Flaw> {
        let tenant = match tenant {
            Some(slot) => Tenant::Owner(self.checked(slot)?),
            None => Tenant::Many,
        };
        self.tenants.insert(netns, tenant);
        Ok(())
    }

    /// A slot that a live connection looks at from now on. Where the pod is gone, it looks nowhere.
    pub(in crate::resolve) fn restore_held(&self, slot: PodSlot) -> PodSlot {
        if self.at(slot).is_some() { slot } else { PodSlot { index: u16::MAX, ..slot } }
    }

    /// The same, but that what is on for the pod counts as edited.
    pub(in crate::resolve) fn restore_edited(&self, slot: PodSlot) -> PodSlot {
        let slot = self.restore_held(slot);
        let edited = |at: &Slot| PodSlot { revision: at.revision.wrapping_sub(1), ..slot };
        self.at(slot).map_or(slot, edited)
    }

    /// A slot as it was saved; its pod may be gone.
    fn checked(&self, slot: PodSlot) -> Result<PodSlot, Flaw> {
        if (slot.index as usize) < self.slots.len() { Ok(slot) } else { Err(Flaw::Dangling("pod's slot")) }
    }

    pub(in crate::resolve) fn restore_standing(&self, saved: SavedStanding, shared: &Shared) -> Result<Standing, Flaw> {
        Ok(match saved {
            SavedStanding::Pod(slot, pod, telemetry) => Standing::Pod(Local {
                slot: self.checked(slot)?,
                pod: shared.pod(pod)?,
                telemetry: shared.telemetry(telemetry)?,
            }),
            SavedStanding::Host => Standing::Host,
            SavedStanding::Foreign => Standing::Foreign,
        })
    }
}

impl Standing {
    pub(in crate::resolve) fn save(&self, to: &mut Writer<'_>) -> SavedStanding {
        match self {
            Self::Pod(local) => SavedStanding::Pod(local.slot, to.pod(&local.pod), to.telemetry(&local.telemetry)),
            Self::Host => SavedStanding::Host,
            Self::Foreign => SavedStanding::Foreign,
        }
    }
}
