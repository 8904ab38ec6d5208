//! What somebody who watches connections or edges is told next. Pure.
//!
//! A watcher is a cursor: up to there it has been told everything. One that reads slowly is told of the last states only, so it keeps
//! nothing here, and is told how many it has missed.

#[cfg(test)]
mod tests;

use super::demand::Scope;
use super::merge::Merged;
use super::row::{RowState, State};
use super::selector::Selection;
use super::served::Served;
use super::view::{Changes, Views};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Added,
    Modified,
    Deleted,
}

impl EventKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event<S: State = Merged> {
    pub(super) kind: EventKind,
    pub(super) state: Arc<RowState<S>>,
}

#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) scope: Scope,
    pub(super) selection: Selection,
    pub(super) cursor: u64,
    /// When it began: the revision, and the updates of its view.
    began: (u64, u64),
    /// States since then that it has come by.
    passed: u64,
}

impl Watcher {
    /// It knows everything up to `cursor`.
    pub(super) fn new<S: State>(views: &Views<S>, scope: Scope, selection: Selection, cursor: u64) -> Self {
        let began = (views.revision(), views.updates(&scope));
        Self { scope, selection, cursor, began, passed: 0 }
    }

    /// The namespace of an object that it is sent.
    pub(super) fn namespace<'a, S: State>(&'a self, state: &'a RowState<S>) -> &'a str {
        match &self.scope {
            Scope::Namespace(namespace) => namespace,
            Scope::All => S::namespaces(&state.facts).next().unwrap_or_default(),
        }
    }

    /// What it is told of these changes, which are those after its cursor.
    pub(super) fn step<S: Served>(&mut self, changes: Changes<S>) -> Vec<Event<S>> {
        let Changes { rows, cursor } = changes;
        let mut events = Vec::new();
        for state in rows {
            let kind = match (self.selects(&state, self.cursor), self.selects(&state, u64::MAX)) {
                (false, false) => None,
                (false, true) => Some(EventKind::Added),
                (true, true) => Some(EventKind::Modified),
                (true, false) => Some(EventKind::Deleted),
            };
            self.cursor = state.revision;
            self.passed += u64::from(state.revision > self.began.0);
            events.extend(kind.map(|kind| Event { kind, state }));
        }
        self.cursor = cursor;
        events
    }

    /// Updates of its view that it was not told of, because others came before it read them. Of one that has read everything.
    pub(super) fn missed<S: State>(&self, views: &Views<S>) -> u64 {
        views.updates(&self.scope).saturating_sub(self.began.1).saturating_sub(self.passed)
    }

    /// As it was known to somebody who has seen all changes up to `cursor`.
    fn selects<S: Served>(&self, state: &RowState<S>, cursor: u64) -> bool {
        let phase = if cursor == u64::MAX { state.phase() } else { state.phase_at(cursor) };
        phase.is_some_and(|phase| S::is_selected(&self.selection, &state.facts, phase, self.scope.namespace()))
    }
}
