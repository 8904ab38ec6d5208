//! Who lost what to whom, as far as it is told: hundreds of objects of one namespace may lose thousands of parts.

use super::Conflict;
use crate::source::object::Key;
use std::collections::HashMap;
use std::fmt::Display;

/// Of one object, in one outcome.
const MAX_OF_ONE: usize = 8;
/// Of all objects, in one outcome. Past it an object is told of its first conflict alone.
const MAX_OF_ALL: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Conflicts {
    told: Vec<Conflict>,
    of_each: HashMap<Key, usize>,
}

impl Conflicts {
    pub(super) fn add(&mut self, loser: &Key, message: impl Display) {
        let known = self.of_each.get(loser).copied().unwrap_or(0);
        if known > 0 && (known >= MAX_OF_ONE || self.told.len() >= MAX_OF_ALL) {
            return;
        }
        self.of_each.insert(loser.clone(), known + 1);
        self.told.push(Conflict { loser: loser.clone(), message: message.to_string() });
    }

    /// `loser` came second among those whose word counts alike.
    pub(super) fn older(&mut self, loser: &Key, field: impl Display, winner: &Key) {
        self.add(loser, format_args!("{field}: {winner} is older, or first by name, and wins"));
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        other.told.iter().for_each(|Conflict { loser, message }| self.add(loser, message));
    }

    pub(super) fn into_told(self) -> Vec<Conflict> {
        self.told
    }
}
