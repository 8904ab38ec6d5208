//! Slots for streams, in all and of a node.

use crate::counters::Counters;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tonic::Status;

#[cfg(test)]
mod tests;

/// In all.
const MAX: usize = 8_192;
/// Of one node: a probe that restarts overlaps with its successor, whose predecessor's connection may not yet be known to
/// be dead.
const MAX_OF_NODE: usize = 2;

#[derive(Debug, Default)]
pub(super) struct StreamSlots {
    taken: Mutex<Taken>,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    count: usize,
    /// Oldest first.
    nodes: HashMap<String, VecDeque<(u64, oneshot::Sender<()>)>>,
}

/// A stream's slot, released when it is dropped.
#[derive(Debug)]
pub(super) struct StreamSlot {
    slots: Arc<StreamSlots>,
    node: String,
    number: u64,
    /// Resolves when a newer stream of the node has taken the slot.
    pub(super) lost: oneshot::Receiver<()>,
}

impl StreamSlots {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { taken: Mutex::default(), counters }
    }

    /// The newest stream wins: the oldest one of a node is the one most likely dead.
    pub(super) fn take(self: &Arc<Self>, node: &str) -> Result<StreamSlot, Status> {
        let mut taken = self.taken();
        if taken.count >= MAX {
            self.counters.refused("too_many");
            return Err(Status::resource_exhausted(format!("this operator already serves {MAX} streams")));
        }
        let (number, (keep, lost)) = (taken.next, oneshot::channel());
        taken.next += 1;
        taken.count += 1;
        let of_node = taken.nodes.entry(node.to_owned()).or_default();
        let ousted = if of_node.len() == MAX_OF_NODE { of_node.pop_front() } else { None };
        of_node.push_back((number, keep));
        if ousted.is_some() {
            self.counters.refused("replaced");
        }
        self.counters.streams.fetch_add(1, Relaxed);
        self.counters.streams_made.fetch_add(1, Relaxed);
        Ok(StreamSlot { slots: Arc::clone(self), node: node.to_owned(), number, lost })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.count -= 1;
        if let Some(of_node) = taken.nodes.get_mut(&self.node) {
            of_node.retain(|(number, _)| *number != self.number);
            if of_node.is_empty() {
                taken.nodes.remove(&self.node);
            }
        }
        self.slots.counters.streams.fetch_sub(1, Relaxed);
    }
}
