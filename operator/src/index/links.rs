//! Links from a key to the names of related objects.

use crate::source::object::Name;
use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Links<K>(HashMap<K, BTreeSet<Name>>);

impl<K> Default for Links<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq + Clone> Links<K> {
    pub(super) fn link<'a>(&mut self, from: impl IntoIterator<Item = &'a K>, to: &Name)
    where
        K: 'a,
    {
        for key in from {
            self.0.entry(key.clone()).or_default().insert(to.clone());
        }
    }

    pub(super) fn unlink<'a>(&mut self, from: impl IntoIterator<Item = &'a K>, to: &Name)
    where
        K: 'a,
    {
        for key in from {
            if let Some(names) = self.0.get_mut(key) {
                names.remove(to);
                if names.is_empty() {
                    self.0.remove(key);
                }
            }
        }
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> impl Iterator<Item = &Name> + use<'_, K, Q>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).into_iter().flatten()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }
}
