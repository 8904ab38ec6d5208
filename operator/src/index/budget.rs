//! The budget for the policy objects of one namespace. The oldest are granted first, so that a new object never displaces an
//! older one.

use crate::source::object::{Key, Kind};
use longwire_model::identity::UnixNanos;
use longwire_model::limits::MAX_NAMESPACE_BYTES;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The oldest first, then by kind and name.
type Rank = (UnixNanos, Kind, String);

/// Those of one namespace that are not refused for another reason, with what they take.
#[derive(Debug, Default)]
pub(super) struct Budget {
    objects: BTreeMap<Rank, Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    bytes: usize,
    has_room: bool,
}

/// What a change of one object means for all of its namespace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// Have no room any more.
    pub(super) lost: Vec<Key>,
    /// Have room again.
    pub(super) won: Vec<Key>,
}

impl Budget {
    /// The object takes so much from now on.
    pub(super) fn put(&mut self, key: &Key, created: UnixNanos, bytes: usize) -> Settled {
        let rank = (created, key.kind, key.name.name.clone());
        if let Some(known) = self.objects.get(&rank)
            && known.bytes == bytes
        {
            return Settled::default();
        }
        let has_room = self.objects.get(&rank).is_none_or(|known| known.has_room);
        self.objects.insert(rank, Entry { bytes, has_room });
        self.settle(&key.name.namespace)
    }

    pub(super) fn remove(&mut self, key: &Key, created: UnixNanos) -> Settled {
        match self.objects.remove(&(created, key.kind, key.name.name.clone())) {
            Some(_) => self.settle(&key.name.namespace),
            None => Settled::default(),
        }
    }

    pub(super) fn has_room(&self, key: &Key, created: UnixNanos) -> bool {
        self.objects.get(&(created, key.kind, key.name.name.clone())).is_some_and(|entry| entry.has_room)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// One that finds no room is passed over: a smaller one after it may find some.
    fn settle(&mut self, namespace: &str) -> Settled {
        let (mut settled, mut taken) = (Settled::default(), 0);
        for ((_, kind, name), entry) in &mut self.objects {
            let has_room = taken + entry.bytes <= MAX_NAMESPACE_BYTES;
            taken += if has_room { entry.bytes } else { 0 };
            if std::mem::replace(&mut entry.has_room, has_room) != has_room {
                let key = Key { kind: *kind, name: crate::source::object::Name::new(namespace, name) };
                if has_room { settled.won.push(key) } else { settled.lost.push(key) }
            }
        }
        settled
    }
}
