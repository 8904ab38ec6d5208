//! The connections that ended last. Also the queue of ends: what is overwritten before it was read is missed.

use super::Last;
use super::describe::{Lifetime, describe};
use crate::resolve::Resolution;
use longwire_model::live::{Ended, Moved, Whose};
use std::collections::VecDeque;

/// One that ended.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) resolution: Resolution,
    last: Last,
    /// Under which it was described in this generation; 0: it was not.
    pub(super) number: u32,
}

#[derive(Debug)]
pub(super) struct EndedRing {
    kept: VecDeque<Kept>,
    most: usize,
    /// How many of `kept` are read.
    read: usize,
}

impl EndedRing {
    pub(super) fn new(most: usize) -> Self {
        Self { kept: VecDeque::new(), most, read: 0 }
    }

    pub(super) fn is_off(&self) -> bool {
        self.most == 0
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// A new generation reads on where the last one was, and without one from now on. `history`: from the oldest.
    pub(super) fn begin(&mut self, was_on: bool, history: bool) {
        if history {
            self.read = 0;
        } else if !was_on {
            self.read = self.kept.len();
        }
        self.kept.iter_mut().for_each(|kept| kept.number = 0);
    }

    /// Returns the one that gave way to it, if it was not read.
    pub(super) fn push(&mut self, resolution: Resolution, last: Last, number: u32) -> Option<Kept> {
        let oldest = if self.kept.len() < self.most { None } else { self.kept.pop_front() };
        let unread = match oldest {
            Some(_) if self.read > 0 => {
                self.read -= 1;
                None
            }
            unread => unread,
        };
        self.kept.push_back(Kept { resolution, last, number });
        unread
    }

    pub(super) fn next(&mut self) -> Option<&Kept> {
        let next = self.kept.get(self.read)?;
        self.read += 1;
        Some(next)
    }
}

impl Kept {
    pub(super) fn said(&self) -> (Whose, Moved, Ended) {
        let Self { resolution, last, number } = self;
        let whose = match number {
            0 => {
                let Last { id, start, handshake, adopted, .. } = *last;
                let lifetime = Lifetime { id, start, handshake, adopted };
                Whose::Described(Box::new(describe(resolution, lifetime)))
            }
            number => Whose::Number(*number),
        };
        (whose, last.moved(), last.ended())
    }
}
