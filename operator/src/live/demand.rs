//! Who watches which namespaces, and what is asked of probes for it. Pure: times are arguments.
//!
//! A namespace is watched for a while after its last watcher has gone, so that a user who lists every few seconds is one watch, and
//! probes need not describe everything each time.

#[cfg(test)]
mod tests;

use longwire_model::live::{Watched, WatchedNamespaces};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long something is watched after its last watcher has gone.
pub const LINGER: Duration = Duration::from_secs(30);
/// Most namespaces that are watched one by one.
pub const MAX_NAMESPACES: usize = 1_024;

/// What one watcher wants to see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    All,
    Namespace(String),
}

impl Scope {
    /// `None`: all of them.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interest {
    pub scope: Scope,
    /// Also what ended before, as far as probes remember it.
    pub history: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_NAMESPACES} namespaces are watched already: watch all of them, or try again later")]
pub struct TooManyNamespaces;

/// The union of all interests.
#[derive(Debug, Default)]
pub struct Demand {
    interests: BTreeMap<Interest, Watchers>,
    /// What is asked of probes now.
    watched: Arc<Watched>,
}

#[derive(Clone, Copy, Debug)]
enum Watchers {
    Some(usize),
    /// It is of no interest from then on.
    Until(Instant),
}

impl Demand {
    /// A watcher comes. It has to [`Demand::leave`].
    pub fn join(&mut self, interest: &Interest, now: Instant) -> Result<(), TooManyNamespaces> {
        self.expire(now);
        if !self.interests.contains_key(interest) && self.is_full(interest) {
            return Err(TooManyNamespaces);
        }
        let watchers = self.interests.entry(interest.clone()).or_insert(Watchers::Some(0));
        *watchers = match *watchers {
            Watchers::Some(count) => Watchers::Some(count + 1),
            Watchers::Until(_) => Watchers::Some(1),
        };
        self.renew();
        Ok(())
    }

    /// One of its watchers goes.
    pub fn leave(&mut self, interest: &Interest, now: Instant) {
        if let Some(watchers) = self.interests.get_mut(interest) {
            *watchers = match *watchers {
                Watchers::Some(count) if count > 1 => Watchers::Some(count - 1),
                Watchers::Some(_) => Watchers::Until(now + LINGER),
                until @ Watchers::Until(_) => until,
            };
        }
        self.expire(now);
    }

    /// Ends what nobody watches any more. Returns when to look again.
    pub fn expire(&mut self, now: Instant) -> Option<Instant> {
        self.interests.retain(|_, watchers| match watchers {
            Watchers::Some(_) => true,
            Watchers::Until(until) => *until > now,
        });
        self.renew();
        let ends = self.interests.values().filter_map(|watchers| match watchers {
            Watchers::Some(_) => None,
            Watchers::Until(until) => Some(*until),
        });
        ends.min()
    }

    /// What is asked of probes now. Another generation than before if it is something else.
    #[must_use]
    pub fn watched(&self) -> Arc<Watched> {
        Arc::clone(&self.watched)
    }

    /// One more namespace would be too many.
    fn is_full(&self, interest: &Interest) -> bool {
        let Scope::Namespace(wanted) = &interest.scope else { return false };
        let known = self.interests.keys().filter_map(|interest| match &interest.scope {
            Scope::All => None,
            Scope::Namespace(namespace) => Some(namespace),
        });
        if known.clone().any(|namespace| namespace == wanted) {
            return false;
        }
        // They are in order, and one with and without history is one.
        let mut last = None;
        known.filter(|namespace| last.replace(*namespace) != Some(*namespace)).count() >= MAX_NAMESPACES
    }

    fn renew(&mut self) {
        let mut namespaces = WatchedNamespaces::default();
        for Interest { scope, .. } in self.interests.keys() {
            match (scope, &mut namespaces) {
                (Scope::All, all) => *all = WatchedNamespaces::All,
                (Scope::Namespace(namespace), WatchedNamespaces::Only(watched)) => {
                    watched.insert(namespace.clone());
                }
                (Scope::Namespace(_), WatchedNamespaces::All) => {}
            }
        }
        let history = self.interests.keys().any(|interest| interest.history);
        if namespaces != self.watched.namespaces || history != self.watched.history {
            let generation = self.watched.generation + 1;
            self.watched = Arc::new(Watched { generation, namespaces, history });
        }
    }
}
