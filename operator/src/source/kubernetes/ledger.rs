//! What one watch has told, so that a list after a break tells only of what changed meanwhile.

use super::seen::Sighting;
use crate::event::Event;
use crate::object::{Key, Kind, Name, Object};
use std::collections::HashMap;

#[derive(Debug)]
pub(super) struct Ledger {
    kind: Kind,
    known: HashMap<Name, Known>,
    /// Lists that have begun.
    round: u64,
}

#[derive(Debug)]
struct Known {
    /// The last list or watch that it was seen in.
    round: u64,
    /// `metadata.resourceVersion`.
    version: String,
    /// As last told; shared with the index. `None`: it decides nothing.
    told: Option<Object>,
}

impl Ledger {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, known: HashMap::new(), round: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// A list begins. One that began before and did not end counts for nothing.
    pub(super) fn begin(&mut self) {
        self.round += 1;
    }

    /// It is there, and it is so.
    pub(super) fn see(&mut self, sighting: Sighting) -> Option<Event> {
        let Sighting { name, version, object } = sighting;
        let former = self.known.get_mut(&name);
        if let Some(former) = former.filter(|former| former.version == version) {
            former.round = self.round;
            return None;
        }
        let former = self.known.remove(&name).and_then(|former| former.told);
        let key = Key { kind: self.kind, name: name.clone() };
        let now = object.unwrap_or_else(|error| {
            tracing::error!("{key}: {error}: this version of it is ignored");
            // The cluster goes on with it; what it was before is the best guess.
            former.clone()
        });
        if let Some(Object::Unreadable(unreadable)) = &now {
            tracing::error!("{key}: {}: it has no effect", unreadable.error);
        }
        let event = match &now {
            Some(now) => (former.as_ref() != Some(now)).then(|| Event::Apply(now.clone())),
            None => former.is_some().then_some(Event::Delete(key)),
        };
        self.known.insert(name, Known { round: self.round, version, told: now });
        event
    }

    /// It is gone.
    pub(super) fn lose(&mut self, name: &Name) -> Option<Event> {
        self.known.remove(name)?.told?;
        Some(Event::Delete(Key { kind: self.kind, name: name.clone() }))
    }

    /// The list ends: what was not in it is gone.
    pub(super) fn end(&mut self) -> Vec<Event> {
        let round = self.round;
        self.remove(|known| known.round != round)
    }

    /// The whole kind is gone.
    pub(super) fn clear(&mut self) -> Vec<Event> {
        self.remove(|_| true)
    }

    fn remove(&mut self, which: impl Fn(&Known) -> bool) -> Vec<Event> {
        let gone = self.known.extract_if(|_, known| which(known)).filter(|(_, known)| known.told.is_some());
        gone.map(|(name, _)| Event::Delete(Key { kind: self.kind, name })).collect()
    }
}
