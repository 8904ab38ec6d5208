//! Which complaints are still to be told.

use super::hash;
use crate::index::warning::Complaint;
use std::collections::{HashSet, VecDeque};

/// Complaints that wait, and complaints that are remembered as told. Each at most; the oldest go.
const MOST: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Desk {
    waiting: VecDeque<Complaint>,
    /// What waits or was told, by hash, and the order in which it came.
    known: HashSet<u64>,
    order: VecDeque<u64>,
    dropped: u64,
}

impl Desk {
    /// Takes in what is news.
    pub(super) fn take(&mut self, complaint: Complaint) {
        let hash = hash(&complaint);
        if !self.known.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.waiting.push_back(complaint);
        if self.waiting.len() > MOST {
            self.waiting.pop_front();
            self.dropped += 1;
            // At every power of two, so that a flood is no flood in the log.
            if self.dropped.is_power_of_two() {
                tracing::warn!("{} Events were not told: more than {MOST} waited", self.dropped);
            }
        }
    }

    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The one that has waited longest; it waits until it has been told.
    pub(super) fn next(&self) -> Option<Complaint> {
        self.waiting.front().cloned()
    }

    pub(super) fn told(&mut self, complaint: &Complaint) {
        if self.waiting.front() == Some(complaint) {
            self.waiting.pop_front();
        }
    }
}
