//! The saved form of live connections and closed ids. Passes begin anew.

use super::{Connections, Entry, Totals};
use crate::record::Monotonic;
use crate::state::{Flaw, Ids};
use serde::{Deserialize, Serialize};

/// Closed ids of one item: a table is walked from its begin for each.
const CHUNK: usize = 16_384;

/// A live connection. `S`: the saved form of its stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedConnection<S> {
    pub(crate) id: u64,
    pub(crate) seen: Totals,
    pub(crate) baseline: Option<Totals>,
    pub(crate) opened: Monotonic,
    rtt_observed: bool,
    pub(crate) stage: S,
}

/// Ids of closed connections.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedClosed<'a> {
    #[serde(borrow)]
    ids: Ids<'a>,
    /// They were closed in the pass before.
    previous: bool,
}

impl<T> Entry<T> {
    pub(crate) fn save<S>(&self, stage: S) -> SavedConnection<S> {
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
    pub(crate) fn restore<S>(&mut self, saved: &SavedConnection<S>, stage: T) {
        let SavedConnection { id, seen, baseline, opened, rtt_observed, .. } = *saved;
        let baseline = baseline.map(Box::new);
        self.push(Entry { id, seen, baseline, opened, stage, pass: self.passes.begun(), rtt_observed });
    }

    /// Forgets a connection. When it is sampled, all are made to announce themselves.
    pub(crate) fn forget(&mut self, id: u64) {
        if let Some(at) = self.find(id) {
            self.remove(at);
        }
    }

    /// Calls `write` with the ids of a chunk of the tables, that of the current pass first. A position is a bucket, because to reach
    /// the n-th id would be a walk over all before it. Returns the next position; `None`: there are no more.
    pub(crate) fn save_closed(&self, at: u64, write: impl FnOnce(SavedClosed<'_>)) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let current = self.closed.ids(false).num_buckets();
        let (previous, first) = at.checked_sub(current).map_or((false, at), |beyond| (true, beyond));
        let table = self.closed.ids(previous);
        let end = table.num_buckets().min(first + CHUNK);
        if previous && first >= end {
            return None;
        }
        let ids: Vec<u64> = (first..end).filter_map(|bucket| table.get_bucket(bucket)).copied().collect();
        if !ids.is_empty() {
            write(SavedClosed { ids: Ids::from(ids.as_slice()), previous });
        }
        Some((at + end - first) as u64)
    }

    pub(crate) fn restore_closed(&mut self, saved: &SavedClosed<'_>) -> Result<(), Flaw> {
        let known = saved.ids.iter().filter(|id| !self.closed.restore(*id, saved.previous)).count();
        if known == 0 { Ok(()) } else { Err(Flaw::Twice("closed id")) }
    }
}
