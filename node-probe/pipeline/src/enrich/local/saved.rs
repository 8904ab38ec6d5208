//! The node's pods as state has them, and whose a socket is.

use super::{Local, Locals, PodSlot, Slot, Standing, Tenant};
use crate::state::{Flaw, Item, SavedSlot, SavedStanding, Shared, Writer};
use longwire_model::update::LocalPod;

impl Locals {
    /// Free ones too: connections name slots by index and generation.
    pub(in crate::enrich) fn save(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let Slot { generation, held, removed } = self.slots.get(usize::try_from(at).ok()?)?;
        let held = held.as_ref().map(|held| (to.pod(&held.pod), held.series));
        to.write(&Item::Slot(SavedSlot { generation: *generation, held, removed: *removed }));
        Some(at + 1)
    }

    pub(in crate::enrich) fn restore(&mut self, saved: SavedSlot, shared: &Shared) -> Result<(), Flaw> {
        let SavedSlot { generation, held, removed } = saved;
        let held = held.map(|(pod, series)| Ok(LocalPod { pod: shared.pod(pod)?, series })).transpose()?;
        #[expect(clippy::cast_possible_truncation, reason = "pods of one node")]
        let index = self.slots.len() as u32;
        match &held {
            Some(held) => {
                if self.by_uid.insert(held.pod.uid.as_str().into(), index).is_some() {
                    return Err(Flaw::Twice("pod"));
                }
            }
            None if removed.is_some() => return Err(Flaw::Implausible("removal of nobody")),
            None => self.free.push(index),
        }
        self.slots.push(Slot { generation, held, removed });
        if removed.is_none() {
            self.list(index);
        }
        Ok(())
    }

    pub(in crate::enrich) fn save_tenant(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let (turn, netns, tenant) = self.tenants.since(at)?;
        let tenant = match tenant {
            Tenant::One(slot) => Some(*slot),
            Tenant::Many => None,
        };
        to.write(&Item::Tenant { netns: *netns, tenant });
        Some(turn + 1)
    }

    pub(in crate::enrich) fn restore_tenant(&mut self, netns: u32, tenant: Option<PodSlot>) -> Result<(), Flaw> {
        let tenant = match tenant {
            Some(slot) => Tenant::One(self.checked(slot)?),
            None => Tenant::Many,
        };
        self.tenants.insert(netns, tenant);
        Ok(())
    }

    /// A slot as it was saved; its pod may be gone.
    pub(in crate::enrich) fn checked(&self, slot: PodSlot) -> Result<PodSlot, Flaw> {
        if (slot.index as usize) < self.slots.len() { Ok(slot) } else { Err(Flaw::Dangling("pod's slot")) }
    }

    pub(in crate::enrich) fn restore_standing(&self, saved: SavedStanding, shared: &Shared) -> Result<Standing, Flaw> {
        Ok(match saved {
            SavedStanding::Pod(slot, pod) => Standing::Pod(Local { slot: self.checked(slot)?, pod: shared.pod(pod)? }),
            SavedStanding::Host => Standing::Host,
            SavedStanding::Foreign => Standing::Foreign,
        })
    }
}

impl Standing {
    pub(in crate::enrich) fn save(&self, to: &mut Writer<'_>) -> SavedStanding {
        match self {
            Self::Pod(local) => SavedStanding::Pod(local.slot, to.pod(&local.pod)),
            Self::Host => SavedStanding::Host,
            Self::Foreign => SavedStanding::Foreign,
        }
    }
}
