//! Live connections and closed ids as state has them. Passes begin anew.

use super::{Connections, Entry};
use crate::state::{Flaw, Ids, Item, SavedConnection, SavedStage, Writer};

/// Closed ids of one item: a table is walked from its begin for each.
const CHUNK: usize = 16_384;

impl<T> Entry<T> {
    pub(crate) fn save<'a>(&self, stage: SavedStage<'a>) -> SavedConnection<'a> {
        SavedConnection {
            id: self.id,
            seen: self.seen,
            baseline: self.baseline.as_deref().copied(),
            opened: self.opened,
            rtt_observed: self.rtt_observed,
            stage,
        }
    }
}

impl<T> Connections<T> {
    pub(crate) fn at(&self, index: u64) -> Option<&Entry<T>> {
        self.entries.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn knows(&self, id: u64) -> bool {
        self.find(id).is_some()
    }

    /// One that is not known yet.
    pub(crate) fn restore(&mut self, saved: &SavedConnection<'_>, stage: T) {
        let SavedConnection { id, seen, baseline, opened, rtt_observed, stage: _ } = *saved;
        let baseline = baseline.map(Box::new);
        self.push(Entry { id, seen, baseline, opened, stage, pass: self.passes.begun(), rtt_observed });
    }

    /// As if it had never been heard of. When it is sampled, it is asked to announce itself.
    pub(crate) fn forget(&mut self, id: u64) {
        if let Some(at) = self.find(id) {
            self.remove(at);
        }
    }

    /// Ids from this position on, those of the current pass first.
    pub(crate) fn save_closed(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let current = self.closed.ids(false).len();
        let (previous, skipped) = (at >= current, at.checked_sub(current).unwrap_or(at));
        let table = self.closed.ids(previous);
        let ids: Vec<u64> = table.iter().skip(skipped).take(CHUNK).copied().collect();
        let next = at + ids.len();
        if ids.is_empty() {
            return None;
        }
        to.write(&Item::Closed { ids: Ids::from(ids.as_slice()), previous });
        Some(next as u64)
    }

    pub(crate) fn restore_closed(&mut self, ids: &Ids<'_>, previous: bool) -> Result<(), Flaw> {
        let known = ids.iter().filter(|id| !self.closed.restore(*id, previous)).count();
        if known == 0 { Ok(()) } else { Err(Flaw::Twice("closed id")) }
    }
}
