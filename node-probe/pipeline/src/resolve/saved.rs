//! The saved form of what is known of pods, addresses and ends, and of connections that are not resolved yet.

use super::cgroup::SavedCgroup;
use super::end::End;
use super::identity::SavedIdentity;
use super::inquiry::Backend;
use super::join::SavedPair;
use super::local::{SavedSlot, SavedStanding, SavedTenant};
use super::{Enrich, Inquiry, PodSlot, Subject};
use crate::connection::Passes;
use crate::record::Monotonic;
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use serde::{Deserialize, Serialize};

/// A connection that is not resolved yet. How long it has waited is not saved: its timeouts start anew.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedCase {
    pub(crate) key: u64,
    end: End,
    standing: Option<SavedStanding>,
    backend: Backend,
    pub(crate) subject: Subject,
}

impl Enrich {
    pub(crate) fn save_slots<'v>(&'v self, at: u64, numbers: &mut Numbers<'_, 'v>) -> Option<(SavedSlot, u64)> {
        self.locals.save(at, numbers)
    }

    pub(crate) fn save_tenants(&self, at: u64) -> Option<(SavedTenant, u64)> {
        self.locals.save_tenant(at)
    }

    pub(crate) fn save_cgroups(&self, at: u64) -> Option<(SavedCgroup<'_>, u64)> {
        self.locals.cgroups.save(at)
    }

    pub(crate) fn save_identities<'v>(
        &'v self,
        at: u64,
        numbers: &mut Numbers<'_, 'v>,
    ) -> Option<(SavedIdentity, u64)> {
        self.identities.save(at, numbers)
    }

    pub(crate) fn save_pairs<'v>(&'v self, at: u64, numbers: &mut Numbers<'_, 'v>) -> Option<(SavedPair, u64)> {
        self.joins.save(at, numbers)
    }

    pub(crate) fn restore_configured(&mut self, configured: bool) {
        self.configured = configured;
    }

    pub(crate) fn restore_slot(&mut self, saved: SavedSlot, shared: &Shared) -> Result<(), Flaw> {
        self.locals.restore(saved, shared)
    }

    pub(crate) fn restore_tenant(&mut self, saved: SavedTenant) -> Result<(), Flaw> {
        self.locals.restore_tenant(saved)
    }

    pub(crate) fn restore_cgroup(&mut self, saved: SavedCgroup<'_>) {
        self.locals.cgroups.restore(saved);
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
    pub(crate) fn save<'v>(&'v self, subject: Subject, numbers: &mut Numbers<'_, 'v>) -> SavedCase {
        let standing = self.standing.as_ref().map(|standing| standing.save(numbers));
        SavedCase { key: self.key, end: self.end, standing, backend: self.backend, subject }
    }
}
