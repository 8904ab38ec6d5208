//! How many updates of a stream its probe has not answered, and for how long.

use crate::counters::Counters;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Lag {
    counters: Arc<Counters>,
    /// Updates that are not answered, and since when there are any.
    waiting: u64,
    since: Instant,
}

impl Lag {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { counters, waiting: 0, since: Instant::now() }
    }

    pub(super) fn sent(&mut self) {
        self.counters.updates.fetch_add(1, Relaxed);
        if self.waiting == 0 {
            self.since = Instant::now();
            self.counters.behind.fetch_add(1, Relaxed);
        }
        self.waiting += 1;
    }

    /// An answer without an update changes nothing.
    pub(super) fn answered(&mut self, applied: bool) {
        if self.waiting == 0 {
            return;
        }
        let kind = if applied { &self.counters.acks } else { &self.counters.nacks };
        kind.fetch_add(1, Relaxed);
        self.waiting -= 1;
        if self.waiting == 0 {
            self.counters.behind.fetch_sub(1, Relaxed);
            self.counters.caught_up(self.since.elapsed());
        }
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        if self.waiting > 0 {
            self.counters.behind.fetch_sub(1, Relaxed);
        }
    }
}
