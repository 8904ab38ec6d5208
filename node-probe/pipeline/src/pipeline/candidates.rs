//! Chooses the long connections that get series of their own where there is not room for all: the oldest, and of about the same age
//! those that have moved most bytes. A connection keeps them until it ends, so that the choice is stable.
//!
//! A pass visits every connection anyway. At its end the best candidates get the room that there was when it began. Where there was
//! no room, no connection is ranked.

use crate::record::Monotonic;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Larger comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// Binary digits of its age in seconds, so that ages within a factor of two are about the same.
    age: u32,
    bytes: u64,
    /// Breaks ties, in the same way each time.
    id: Reverse<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Candidates {
    room: usize,
    best: BinaryHeap<Reverse<Rank>>,
}

impl Rank {
    pub(super) fn new(id: u64, age: Monotonic, bytes: u64) -> Self {
        Self { age: u64::BITS - (age / 1_000_000_000).leading_zeros(), bytes, id: Reverse(id) }
    }
}

impl Candidates {
    /// A pass begins, and there is room for so many.
    pub(super) fn begin(&mut self, room: usize) {
        self.room = room;
        self.best.clear();
    }

    pub(super) fn are_wanted(&self) -> bool {
        self.room > 0
    }

    pub(super) fn offer(&mut self, rank: Rank) {
        if self.best.len() < self.room {
            self.best.push(Reverse(rank));
        } else if let Some(mut worst) = self.best.peek_mut().filter(|worst| worst.0 < rank) {
            *worst = Reverse(rank);
        }
    }

    /// The pass is over: ids, the best first. No candidates are wanted until the next pass.
    pub(super) fn take(&mut self) -> Vec<u64> {
        self.room = 0;
        let mut best: Vec<_> = self.best.drain().map(|Reverse(rank)| rank).collect();
        best.sort_unstable_by_key(|rank| Reverse(*rank));
        best.into_iter().map(|rank| rank.id.0).collect()
    }
}

#[cfg(test)]
mod tests;
