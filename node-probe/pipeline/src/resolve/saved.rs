//! What is known of pods, addresses and ends, as state has it.

use super::{Backend, Enrich, Inquiry, PodSlot};
use crate::connection::Passes;
use crate::pipeline::Subject;
use crate::record::Monotonic;
use crate::state::{Flaw, SavedCase, SavedCgroup, SavedIdentity, SavedPair, SavedSlot, Shared, Writer};

impl Enrich {
    pub(crate) fn save_slots(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        self.locals.save(at, to)
    }

    pub(crate) fn save_tenants(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        self.locals.save_tenant(at, to)
    }

    pub(crate) fn save_cgroups(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        self.locals.cgroups.save(at, to)
    }

    pub(crate) fn save_identities(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        self.identities.save(at, to)
    }

    pub(crate) fn save_pairs(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        self.joins.save(at, to)
    }

    pub(crate) fn restore_configured(&mut self, configured: bool) {
        self.configured = configured;
    }

    pub(crate) fn restore_slot(&mut self, saved: SavedSlot, shared: &Shared) -> Result<(), Flaw> {
        self.locals.restore(saved, shared)
    }

    pub(crate) fn restore_tenant(&mut self, netns: u32, tenant: Option<PodSlot>) -> Result<(), Flaw> {
        self.locals.restore_tenant(netns, tenant)
    }

    pub(crate) fn restore_cgroup(&mut self, saved: SavedCgroup<'_>) {
        self.locals.cgroups.name(saved.cgroup, saved.named.into_owned());
    }

    pub(crate) fn restore_identity(&mut self, saved: SavedIdentity, shared: &Shared) -> Result<(), Flaw> {
        self.identities.restore(saved, shared)
    }

    pub(crate) fn restore_pair(&mut self, saved: SavedPair, shared: &Shared) -> Result<(), Flaw> {
        self.joins.restore(saved, &self.locals, shared)
    }

    pub(crate) fn restore_slot_gap(&mut self) {
        self.locals.restore_gap();
    }

    /// The slot of a connection that holds all it did, or `!is_whole`: that shall look again at what it feeds.
    pub(crate) fn restore_held(&self, slot: PodSlot, is_whole: bool) -> PodSlot {
        if is_whole { self.locals.restore_held(slot) } else { self.locals.restore_edited(slot) }
    }

    /// Its patience starts anew, and what conntrack did not answer is asked again.
    pub(crate) fn restore_inquiry(
        &self,
        saved: &SavedCase,
        shared: &Shared,
        passes: Passes,
        now: Monotonic,
    ) -> Result<Inquiry, Flaw> {
        let standing = saved.standing.map(|standing| self.locals.restore_standing(standing, shared)).transpose()?;
        let backend = if saved.backend == Backend::Asked { Backend::Unasked } else { saved.backend };
        let mut inquiry = Inquiry::new(saved.key, saved.end, passes, now);
        (inquiry.standing, inquiry.backend) = (standing, backend);
        Ok(inquiry)
    }
}

impl Inquiry {
    pub(crate) fn save(&self, subject: Subject, to: &mut Writer<'_>) -> SavedCase {
        let standing = self.standing.as_ref().map(|standing| standing.save(to));
        SavedCase { key: self.key, end: self.end, standing, backend: self.backend, subject }
    }
}
