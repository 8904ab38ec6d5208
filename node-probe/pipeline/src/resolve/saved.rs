//! The saved form of what is known of pods, addresses and ends, and of connections that are not resolved yet.

use super::Resolver;
use super::cgroup::SavedCgroup;
use super::identity::SavedIdentity;
use super::join::SavedPair;
use super::local::{PodSlot, SavedNetnsOwner, SavedSlot};
use super::pending::{Moment, PendingConnection, SavedPending};
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;

impl Resolver {
    pub(crate) fn save_slots<'v>(&'v self, at: u64, numbers: &mut Numbers<'_, 'v>) -> Option<(SavedSlot, u64)> {
        self.locals.save(at, numbers)
    }

    pub(crate) fn save_netns_owners(&self, at: u64) -> Option<(SavedNetnsOwner, u64)> {
        self.locals.save_netns_owner(at)
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

    pub(crate) fn restore_netns_owner(&mut self, saved: SavedNetnsOwner) -> Result<(), Flaw> {
        self.locals.restore_netns_owner(saved)
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

    /// The slot of a live connection. `!is_whole`: some of its series were left out, so it must acquire them anew.
    pub(crate) fn restore_held(&self, slot: PodSlot, is_whole: bool) -> PodSlot {
        if is_whole { self.locals.restore_held(slot) } else { self.locals.restore_edited(slot) }
    }

    /// The connection of this key, or of the first one after it, and the next key.
    pub(crate) fn save_pending<'v>(&'v self, at: u64, numbers: &mut Numbers<'_, 'v>) -> Option<(SavedPending, u64)> {
        let connection = self.queue.since(at)?;
        Some((connection.save(numbers), connection.key + 1))
    }

    pub(crate) fn restore_pending(
        &self,
        saved: &SavedPending,
        shared: &Shared,
        moment: Moment,
    ) -> Result<PendingConnection, Flaw> {
        PendingConnection::restore(saved, &self.locals, shared, moment)
    }

    /// The latest key.
    pub(crate) fn last_key(&self) -> u64 {
        self.queue.last_key()
    }

    /// New keys are above this one.
    pub(crate) fn restore_last_key(&mut self, key: u64) {
        self.queue.restore_last_key(key);
    }
}
