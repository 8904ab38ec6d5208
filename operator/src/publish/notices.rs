//! Notices that probes send about their nodes, until they become Events. The number of waiting notices and the rate of each
//! probe are bounded, because each becomes a request to the API server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Of a text, in characters: an Event's note has room for it.
const LONGEST: usize = 800;
/// Notices of one node that wait or were sent lately.
const MAX: usize = 32;
/// A notice is not sent again for so long: an API server keeps Events as long.
const LATELY: Duration = Duration::from_secs(3600);
/// Nodes of which something is kept.
const MAX_NODES: usize = 20_000;

#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<HashMap<String, Node>>);

#[derive(Debug, Default)]
struct Node {
    waiting: VecDeque<String>,
    sent: Vec<(String, Instant)>,
}

impl Notices {
    /// A known notice is left out, and one past the bound.
    pub(crate) fn take(&self, node: &str, text: &str) {
        self.take_at(node, text, Instant::now());
    }

    fn take_at(&self, node: &str, text: &str, now: Instant) {
        let text: String = text.chars().take(LONGEST).collect();
        let mut nodes = self.lock();
        if nodes.len() >= MAX_NODES && !nodes.contains_key(node) {
            return;
        }
        let Node { waiting, sent } = nodes.entry(node.to_owned()).or_default();
        sent.retain(|(_, at)| now.saturating_duration_since(*at) < LATELY);
        let is_known = waiting.contains(&text) || sent.iter().any(|(known, _)| *known == text);
        if !is_known && waiting.len() + sent.len() < MAX {
            waiting.push_back(text);
        }
    }

    /// One notice of each node that has any.
    #[must_use]
    pub(crate) fn next(&self) -> Vec<(String, String)> {
        let nodes = self.lock();
        let next = nodes.iter().filter_map(|(node, of)| Some((node.clone(), of.waiting.front()?.clone())));
        next.collect()
    }

    pub(crate) fn sent(&self, node: &str, text: &str) {
        self.sent_at(node, text, Instant::now());
    }

    fn sent_at(&self, node: &str, text: &str, now: Instant) {
        if let Some(Node { waiting, sent }) = self.lock().get_mut(node)
            && waiting.front().is_some_and(|first| first == text)
        {
            sent.extend(waiting.pop_front().map(|text| (text, now)));
        }
    }

    /// Forgets all nodes of which this is not true.
    pub(crate) fn retain(&self, mut is_there: impl FnMut(&str) -> bool) {
        self.lock().retain(|node, _| is_there(node));
    }

    /// Nothing panics while it is held, and if it did the map would be whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Node>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
