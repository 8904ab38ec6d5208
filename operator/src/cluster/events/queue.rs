//! Which warnings are still to be sent.

use super::hash;
use crate::index::warning::Warning;
use std::collections::{HashSet, VecDeque};

/// Warnings that wait, and warnings that are remembered as sent; at most so many of each, and the oldest go.
const MAX: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Warning>,
    /// Warnings that wait or were sent, by hash, and the order in which they came.
    known: HashSet<u64>,
    order: VecDeque<u64>,
    dropped: u64,
}

impl Queue {
    /// Takes a warning that is not known yet.
    pub(super) fn take(&mut self, warning: Warning) {
        let hash = hash(&warning);
        if !self.known.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.waiting.push_back(warning);
        if self.waiting.len() > MAX {
            self.waiting.pop_front();
            self.dropped += 1;
            // At every power of two, so that a flood is no flood in the log.
            if self.dropped.is_power_of_two() {
                tracing::warn!("{} Events were dropped: more than {MAX} waited", self.dropped);
            }
        }
    }

    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The one that has waited longest; it stays in the queue until [`Queue::sent`].
    pub(super) fn next(&self) -> Option<Warning> {
        self.waiting.front().cloned()
    }

    pub(super) fn sent(&mut self, warning: &Warning) {
        if self.waiting.front() == Some(warning) {
            self.waiting.pop_front();
        }
    }
}
