//! Schedules searches for connections whose beginning the programs missed.

/// A search walks through the files of all processes; it may take a hundredth of the time.
const SHARE: u64 = 100;
/// Walks after new misses. A second one, because a connection is in a process's files only once it is accepted.
const WALKS: u32 = 2;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Search {
    /// Events that the programs had missed by the last walk.
    misses: u64,
    left: u32,
    /// Monotonic nanoseconds.
    not_before: u64,
}

impl Search {
    pub(super) fn is_due(&mut self, misses: u64, now: u64) -> bool {
        if misses > self.misses {
            self.left = WALKS;
        }
        self.left > 0 && now >= self.not_before
    }

    pub(super) fn done(&mut self, misses: u64, began: u64, ended: u64) {
        self.misses = self.misses.max(misses);
        self.left = self.left.saturating_sub(1);
        self.not_before = ended.saturating_add(ended.saturating_sub(began).saturating_mul(SHARE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_looked_for_while_nothing_is_missed() {
        assert!(!Search::default().is_due(0, 1_000));
    }

    #[test]
    fn a_rise_is_followed_by_two_walks() {
        let mut search = Search::default();
        for walk in 0..2 {
            assert!(search.is_due(3, walk * 1_000), "walk {walk}");
            search.done(3, walk * 1_000, walk * 1_000);
        }
        assert!(!search.is_due(3, 9_000));
        assert!(search.is_due(4, 9_000));
    }

    #[test]
    fn a_walk_that_takes_long_is_not_soon_followed_by_another() {
        let mut search = Search::default();
        assert!(search.is_due(1, 0));
        search.done(1, 0, 50);
        assert!(!search.is_due(2, 5_049));
        assert!(search.is_due(2, 5_050));
    }
}
