//! Edges of which namespaces are wanted, and since when.

use longwire_model::identity::UnixNanos;
use longwire_model::live::{Watched, WatchedNamespaces};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(super) struct Wanted {
    now: WatchedNamespaces,
    /// Since when all are.
    all: Option<UnixNanos>,
    /// Since when each is. Of those that were before all were.
    namespaces: HashMap<String, UnixNanos>,
    /// What probes were asked for last, and since when they may repeat ends of connections that ended before.
    generation: u64,
    repeated: UnixNanos,
}

impl Wanted {
    /// What is wanted now.
    #[cfg(test)]
    pub(super) fn asked(&self) -> &WatchedNamespaces {
        &self.now
    }

    pub(super) fn is_on(&self) -> bool {
        !self.now.is_empty()
    }

    /// Returns whether these are others than before.
    pub(super) fn want(&mut self, namespaces: &WatchedNamespaces, clock: UnixNanos) -> bool {
        if self.now == *namespaces {
            return false;
        }
        self.now.clone_from(namespaces);
        match namespaces {
            WatchedNamespaces::All => {
                self.all.get_or_insert(clock);
            }
            WatchedNamespaces::Only(wanted) => {
                let since = self.all.take().unwrap_or(clock);
                self.namespaces.retain(|namespace, _| wanted.contains(namespace));
                for namespace in wanted {
                    self.namespaces.entry(namespace.clone()).or_insert(since);
                }
            }
        }
        true
    }

    /// Since when connections that touch these namespaces are added up. `None`: they are not.
    pub(super) fn since<'a>(&self, namespaces: impl Iterator<Item = &'a str>) -> Option<UnixNanos> {
        let of_each = namespaces.filter_map(|namespace| self.namespaces.get(namespace).copied());
        of_each.chain(self.all).min()
    }

    /// With its history, a probe says ends again that were counted and forgotten. Each time that something else is asked for.
    pub(super) fn repeats(&mut self, asked: &Watched, clock: UnixNanos) {
        if asked.history && asked.generation != self.generation {
            self.repeated = clock;
        }
        self.generation = asked.generation;
    }

    /// A connection that ended before may have been counted.
    pub(super) fn repeated(&self) -> UnixNanos {
        self.repeated
    }
}

#[cfg(test)]
mod tests;
