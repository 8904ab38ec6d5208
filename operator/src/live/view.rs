//! What a namespace, or all of them, sees: rows by name, and their last changes by revision. Pure.
//!
//! There is no log of events and no queue for a watcher. A row stands at the changes by which it appeared, got its phase, and was last
//! changed, so a watcher is a revision up to which it has seen everything, and one that is slow skips states in between. The first
//! two may not be skipped: a watcher that stops between them and the last one would be taken for one that knows them.

#[cfg(test)]
mod tests;

use super::demand::Scope;
use super::merge::Merged;
use super::row::{RowState, State};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it is known that a row was there.
pub const TOMBSTONE: Duration = Duration::from_secs(60);
/// Most rows of which that is known.
pub const MAX_TOMBSTONES: usize = 8_192;

/// Namespace and name, as lists are ordered.
pub type Place = (Arc<str>, Arc<str>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("revision {wanted} is not among those that are known, {oldest} to {newest}: list anew")]
pub struct Expired {
    pub wanted: u64,
    pub oldest: u64,
    pub newest: u64,
}

/// What has changed after a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<S: State = Merged> {
    /// In the order of their revisions. Which event each is depends on what its reader knew before, [`RowState::phase_at`] the cursor,
    /// which moves on to the revision of each.
    pub rows: Vec<Arc<RowState<S>>>,
    /// Up to here everything is said.
    pub cursor: u64,
}

#[derive(Debug, Default)]
struct View<S: State> {
    /// Those that are there: when each was created.
    rows: BTreeMap<Place, u64>,
    /// Up to three of each, and of those that went lately.
    changes: BTreeMap<u64, Arc<RowState<S>>>,
    /// Changes so far.
    updates: u64,
}

#[derive(Debug)]
pub struct Views<S: State = Merged> {
    all: View<S>,
    namespaces: HashMap<Arc<str>, View<S>>,
    /// Rows that are there, as they are now, by when they were created: a row that changes keeps its place in each view.
    current: HashMap<u64, Arc<RowState<S>>>,
    revision: u64,
    /// Below it, rows may have gone of which nothing is known.
    oldest: u64,
    gone: VecDeque<(Instant, Arc<RowState<S>>)>,
}

impl<S: State> Views<S> {
    /// `begun`: above all revisions of former leaders, such as the time in microseconds.
    #[must_use]
    pub fn new(begun: u64) -> Self {
        Self {
            all: View::default(),
            namespaces: HashMap::new(),
            current: HashMap::new(),
            revision: begun,
            oldest: begun,
            gone: VecDeque::new(),
        }
    }

    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A row is new, or has changed since `before`.
    pub(super) fn publish(
        &mut self,
        facts: &Arc<S::Facts>,
        merged: S,
        before: Option<&Arc<RowState<S>>>,
    ) -> Arc<RowState<S>> {
        self.revision += 1;
        let revision = self.revision;
        let phase_changed = before.filter(|before| before.merged.phase() == merged.phase());
        let state = Arc::new(RowState {
            facts: Arc::clone(facts),
            merged,
            created: before.map_or(revision, |before| before.created),
            phase_changed: phase_changed.map_or(revision, |before| before.phase_changed),
            revision,
            is_gone: false,
        });
        self.put(before, &state);
        state
    }

    /// A row goes.
    pub(super) fn remove(&mut self, last: &Arc<RowState<S>>, now: Instant) {
        self.revision += 1;
        let state = Arc::new(RowState { revision: self.revision, is_gone: true, ..RowState::clone(last) });
        self.put(Some(last), &state);
        self.gone.push_back((now, state));
        self.expire(now);
    }

    /// Forgets rows that went long ago.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((at, state)) = self.gone.front()
            && (self.gone.len() > MAX_TOMBSTONES || now.saturating_duration_since(*at) >= TOMBSTONE)
        {
            let state = Arc::clone(state);
            self.gone.pop_front();
            self.oldest = state.revision;
            self.each(&state.facts, |_, view| {
                for revision in [state.created, state.phase_changed, state.revision] {
                    view.changes.remove(&revision);
                }
            });
        }
    }

    /// Changes of rows so far, while there were any.
    #[must_use]
    pub fn updates(&self, scope: &Scope) -> u64 {
        self.view(scope).map_or(0, |view| view.updates)
    }

    /// Whether all that changed after `cursor` is known.
    pub fn check(&self, cursor: u64) -> Result<(), Expired> {
        let is_known = (self.oldest..=self.revision).contains(&cursor);
        let expired = Expired { wanted: cursor, oldest: self.oldest, newest: self.revision };
        is_known.then_some(()).ok_or(expired)
    }

    /// The row of this name in this namespace.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<RowState<S>>> {
        let created = self.namespaces.get(namespace)?.rows.get(&(namespace.into(), name.into()))?;
        self.current.get(created).cloned()
    }

    /// At most so many changes after `cursor`.
    pub fn since(&self, scope: &Scope, cursor: u64, most: usize) -> Result<Changes<S>, Expired> {
        self.check(cursor)?;
        let later = self.view(scope).into_iter().flat_map(|view| view.changes.range((Excluded(cursor), Unbounded)));
        let rows: Vec<_> = later.take(most).map(|(_, state)| Arc::clone(state)).collect();
        let last = rows.last().filter(|_| rows.len() >= most).map(|last| last.revision);
        let cursor = if most == 0 { cursor } else { last.unwrap_or(self.revision) };
        Ok(Changes { rows, cursor })
    }

    /// At most so many rows after `after`, in the order of namespace and name, as they are now. All pages of a list have the cursor of
    /// its begin, and none of them a row that is newer: a watch from there would not say that such a row has gone again. For the same
    /// reason a selector has to select a row as it was at the cursor, and as it is.
    #[must_use]
    pub fn list(
        &self,
        scope: &Scope,
        cursor: u64,
        after: Option<&Place>,
        most: usize,
    ) -> Vec<(Place, Arc<RowState<S>>)> {
        let begin = after.map_or(Unbounded, |after| Excluded(after.clone()));
        let rows = self.view(scope).into_iter().flat_map(|view| view.rows.range((begin.clone(), Unbounded)));
        rows.filter(|(_, created)| **created <= cursor)
            .filter_map(|(place, created)| Some((place.clone(), Arc::clone(self.current.get(created)?))))
            .take(most)
            .collect()
    }

    fn view(&self, scope: &Scope) -> Option<&View<S>> {
        match scope {
            Scope::All => Some(&self.all),
            Scope::Namespace(namespace) => self.namespaces.get(namespace.as_str()),
        }
    }

    fn put(&mut self, before: Option<&Arc<RowState<S>>>, state: &Arc<RowState<S>>) {
        // Whoever has read a page with the row as it is now, and then repeats the change to its phase, must not see less than before.
        let is_repeated = state.created < state.phase_changed && state.phase_changed < state.revision && !state.is_gone;
        let repeated =
            is_repeated.then(|| Arc::new(RowState { revision: state.phase_changed, ..RowState::clone(state) }));
        let skipped = before.map(|before| before.revision);
        let skipped = skipped.filter(|revision| ![state.created, state.phase_changed].contains(revision));
        if state.is_gone {
            self.current.remove(&state.created);
        } else {
            self.current.insert(state.created, Arc::clone(state));
        }
        let is_placed = before.is_some() && !state.is_gone;
        self.each(&state.facts, |namespace, view| {
            view.updates += 1;
            if let Some(revision) = skipped {
                view.changes.remove(&revision);
            }
            for state in repeated.iter().chain([state]) {
                view.changes.insert(state.revision, Arc::clone(state));
            }
            if is_placed {
                return;
            }
            let place = (Arc::clone(namespace), Arc::clone(S::name(&state.facts)));
            if state.is_gone {
                view.rows.remove(&place)
            } else {
                view.rows.insert(place, state.created)
            };
        });
    }

    /// Each view in which such a row is, with the namespace that the row has there. A namespace without rows and changes has none.
    fn each(&mut self, facts: &S::Facts, mut change: impl FnMut(&Arc<str>, &mut View<S>)) {
        for (at, namespace) in S::namespaces(facts).enumerate() {
            let (namespace, mut view) =
                self.namespaces.remove_entry(namespace).unwrap_or_else(|| (namespace.into(), View::default()));
            change(&namespace, &mut view);
            if at == 0 {
                change(&namespace, &mut self.all);
            }
            if !view.changes.is_empty() {
                self.namespaces.insert(namespace, view);
            }
        }
    }
}
