//! Connections with news, each once.

use std::collections::VecDeque;

/// Most connections that wait to be taken.
pub(super) const ROOM: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct Outbox(VecDeque<u64>);

impl Outbox {
    /// Whether there is room. The caller puts none in twice.
    pub(super) fn push(&mut self, id: u64) -> bool {
        let has_room = self.0.len() < ROOM;
        if has_room {
            self.0.push_back(id);
        }
        has_room
    }

    /// The one that waits longest. It may be over.
    pub(super) fn pop(&mut self) -> Option<u64> {
        self.0.pop_front()
    }
}
