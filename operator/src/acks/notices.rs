//! Notices that a probe sends about its node, until they become Events. Their number and rate are bounded, because each
//! becomes a request to the API server.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Of a text, in characters: an Event's note has room for it.
const MAX_CHARACTERS: usize = 800;
/// Notices of one node that wait or were sent lately.
const MAX: usize = 32;
/// A notice is not sent again for so long: an API server keeps Events as long.
const REPEAT: Duration = Duration::from_secs(3600);

/// Of one node.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: VecDeque<String>,
    sent: Vec<(String, Instant)>,
}

impl Notices {
    /// A known notice is left out, and one past the bound.
    pub(super) fn take(&mut self, text: &str, now: Instant) {
        let text: String = text.chars().take(MAX_CHARACTERS).collect();
        let Self { waiting, sent } = self;
        sent.retain(|(_, at)| now.saturating_duration_since(*at) < REPEAT);
        let is_known = waiting.contains(&text) || sent.iter().any(|(known, _)| *known == text);
        if !is_known && waiting.len() + sent.len() < MAX {
            waiting.push_back(text);
        }
    }

    /// Those that wait, and those that were sent a short time ago.
    pub(super) fn lately(&self, now: Instant) -> Vec<String> {
        let sent = self.sent.iter().filter(|(_, at)| now.saturating_duration_since(*at) < REPEAT);
        sent.map(|(text, _)| text).chain(&self.waiting).cloned().collect()
    }

    pub(super) fn next(&self) -> Option<&str> {
        self.waiting.front().map(String::as_str)
    }

    pub(super) fn sent(&mut self, text: &str, now: Instant) {
        let sent = self.waiting.pop_front_if(|first| first == text);
        self.sent.extend(sent.map(|text| (text, now)));
    }
}

#[cfg(test)]
mod tests;
