//! The saved form of a connection that is not resolved yet.

use super::{Backend, Moment, PendingConnection, PendingCounters};
use crate::resolve::end::End;
use crate::resolve::local::{Locals, SavedSocketOwner};
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use serde::{Deserialize, Serialize};

/// How long it has waited is not saved: its timeouts start anew.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedPending {
    pub(crate) key: u64,
    end: End,
    owner: Option<SavedSocketOwner>,
    backend: Backend,
    pub(crate) counters: PendingCounters,
}

impl PendingConnection {
    pub(in crate::resolve) fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> SavedPending {
        let owner = self.owner.as_ref().map(|owner| owner.save(numbers));
        SavedPending { key: self.key, end: self.end, owner, backend: self.backend, counters: self.counters }
    }

    /// What conntrack did not answer is queried again.
    pub(in crate::resolve) fn restore(
        saved: &SavedPending,
        locals: &Locals,
        shared: &Shared,
        moment: Moment,
    ) -> Result<Self, Flaw> {
        let owner = saved.owner.map(|owner| locals.restore_socket_owner(owner, shared)).transpose()?;
        let backend = if saved.backend == Backend::Queried { Backend::Unqueried } else { saved.backend };
        let fresh = Self::new(saved.key, saved.end, saved.counters, moment);
        Ok(Self { owner, backend, ..fresh })
    }
}
