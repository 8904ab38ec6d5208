//! Which objects lost which parts to which, up to a bound: hundreds of objects of one namespace may lose thousands of parts.

use super::trail::Trail;
use super::{Conflict, ConflictKind};
use crate::source::object::Key;
use std::collections::HashMap;
use std::fmt::Display;

/// Of one object, in one outcome.
const MAX_OF_ONE: usize = 8;
/// Conflicts of all objects in one outcome. Past it only the first conflict of each object is kept.
const MAX_OF_ALL: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Conflicts<'a> {
    kept: Vec<Conflict>,
    of_each: HashMap<Key, usize>,
    pub(super) trail: Trail<'a>,
}

impl Conflicts<'_> {
    /// That also keep who claimed what.
    pub(super) fn with_trail() -> Self {
        Self { trail: Trail::kept(), ..Self::default() }
    }

    /// Of one level.
    pub(super) fn of_level(&self, depth: usize) -> Self {
        Self { trail: self.trail.of_level(depth), ..Self::default() }
    }

    pub(super) fn add(&mut self, loser: &Key, kind: ConflictKind, message: impl Display) {
        let known = self.of_each.get(loser).copied().unwrap_or(0);
        if known > 0 && (known >= MAX_OF_ONE || self.kept.len() >= MAX_OF_ALL) {
            return;
        }
        self.of_each.insert(loser.clone(), known + 1);
        self.kept.push(Conflict { loser: loser.clone(), kind, message: message.to_string() });
    }

    /// `loser` came after another object of the same precedence.
    pub(super) fn older(&mut self, loser: &Key, field: impl Display, winner: &Key) {
        let message = format_args!("{field}: {winner} is older, or first by name, and wins");
        self.add(loser, ConflictKind::Overridden, message);
    }

    pub(super) fn absorb(&mut self, level: Self) {
        let Self { kept, of_each: _, trail } = level;
        kept.iter().for_each(|Conflict { loser, kind, message }| self.add(loser, *kind, message));
        self.trail.absorb(trail);
    }

    pub(super) fn into_kept(self) -> Vec<Conflict> {
        self.kept
    }
}
