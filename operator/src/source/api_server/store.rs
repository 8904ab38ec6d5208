//! The objects that one watch has sent, so that a list after a break sends only what changed meanwhile.

use super::reduced::Entry;
use crate::source::event::Event;
use crate::source::object::{EndpointSlice, ExtraStatTags, Key, Kind, Name, Object, StatsMatcher, TelemetryPolicy};
use std::collections::HashMap;
use std::sync::{Arc, Weak};

#[derive(Debug)]
pub(super) struct Store {
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
    /// As last sent. `None`: the object decides nothing.
    sent: Option<Sent>,
}

/// Objects are shared with the index. A bounded object that the index does not keep is not kept here either, and is sent
/// again when it is listed again.
#[derive(Debug)]
enum Sent {
    Kept(Object),
    EndpointSlice(Weak<EndpointSlice>),
    ExtraStatTags(Weak<ExtraStatTags>),
    StatsMatcher(Weak<StatsMatcher>),
    TelemetryPolicy(Weak<TelemetryPolicy>),
}

impl Sent {
    fn of(object: &Object) -> Self {
        match object {
            Object::EndpointSlice(slice) => Self::EndpointSlice(Arc::downgrade(slice)),
            Object::ExtraStatTags(policy) => Self::ExtraStatTags(Arc::downgrade(policy)),
            Object::StatsMatcher(policy) => Self::StatsMatcher(Arc::downgrade(policy)),
            Object::TelemetryPolicy(policy) => Self::TelemetryPolicy(Arc::downgrade(policy)),
            other => Self::Kept(other.clone()),
        }
    }

    /// `None`: the index has dropped it.
    fn object(&self) -> Option<Object> {
        Some(match self {
            Self::Kept(object) => object.clone(),
            Self::EndpointSlice(slice) => Object::EndpointSlice(slice.upgrade()?),
            Self::ExtraStatTags(policy) => Object::ExtraStatTags(policy.upgrade()?),
            Self::StatsMatcher(policy) => Object::StatsMatcher(policy.upgrade()?),
            Self::TelemetryPolicy(policy) => Object::TelemetryPolicy(policy.upgrade()?),
        })
    }
}

impl Store {
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

    /// The object exists with this content.
    pub(super) fn see(&mut self, entry: Entry) -> Option<Event> {
        let Entry { name, version, object } = entry;
        let former = self.known.get_mut(&name);
        let is_kept = |former: &Known| former.sent.as_ref().is_none_or(|sent| sent.object().is_some());
        if let Some(former) = former.filter(|former| former.version == version && is_kept(former)) {
            former.round = self.round;
            return None;
        }
        let sent = self.known.remove(&name).and_then(|former| former.sent);
        let (was_sent, former) = (sent.is_some(), sent.and_then(|sent| sent.object()));
        let key = Key { kind: self.kind, name: name.clone() };
        let now = object.unwrap_or_else(|error| {
            tracing::error!("{key}: {error}: this version of it is ignored");
            // The cluster uses the object; its former content is the best guess.
            former.clone()
        });
        if let Some(Object::Unreadable(unreadable)) = &now {
            tracing::error!("{key}: {}: it has no effect", unreadable.refusal.message);
        }
        let event = match &now {
            Some(now) => (former.as_ref() != Some(now)).then(|| Event::Apply(now.clone())),
            None => was_sent.then_some(Event::Delete(key)),
        };
        self.known.insert(name, Known { round: self.round, version, sent: now.as_ref().map(Sent::of) });
        event
    }

    /// It is gone.
    pub(super) fn lose(&mut self, name: &Name) -> Option<Event> {
        self.known.remove(name)?.sent?;
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
        let gone = self.known.extract_if(|_, known| which(known)).filter(|(_, known)| known.sent.is_some());
        gone.map(|(name, _)| Event::Delete(Key { kind: self.kind, name })).collect()
    }
}
