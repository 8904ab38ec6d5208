//! How many watches there are at a time, of all users and of one.

#[cfg(test)]
mod tests;

use crate::counters::Counters;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Most watches.
pub(super) const MAX_WATCHES: usize = 256;
/// Most of one user.
pub(super) const MAX_OF_USER: usize = 64;

#[derive(Debug)]
pub(super) struct Watches {
    users: Mutex<HashMap<String, usize>>,
    counters: Arc<Counters>,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    watches: Arc<Watches>,
    user: String,
}

impl Watches {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { users: Mutex::default(), counters }
    }

    /// `user`: none where there are no users, and then no bound for one. An error is what to say.
    pub(super) fn take(self: &Arc<Self>, user: Option<&str>) -> Result<Taken, String> {
        let mut users = self.users.lock();
        if users.values().sum::<usize>() >= MAX_WATCHES {
            return Err(format!("there are {MAX_WATCHES} watches already: try again later"));
        }
        let name = user.unwrap_or_default();
        let own = users.get(name).copied().unwrap_or_default();
        if user.is_some() && own >= MAX_OF_USER {
            return Err(format!("user {name:?} has {MAX_OF_USER} watches already: end one of them"));
        }
        users.insert(name.to_owned(), own + 1);
        self.counters.live.watches(users.values().sum());
        Ok(Taken { watches: Arc::clone(self), user: name.to_owned() })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut users = self.watches.users.lock();
        if let Some(own) = users.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                users.remove(&self.user);
            }
        }
        self.watches.counters.live.watches(users.values().sum());
    }
}
