//! Memory that many waiting connections leave behind: the allocator keeps it, because what lives on lies between.

/// So many leave about 10 MB.
const MANY: usize = 16_384;
/// A burst is over once so few of its connections wait.
const PART: usize = 16;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leftover {
    most: usize,
}

impl Leftover {
    /// True once after each burst.
    pub(super) fn is_due(&mut self, waiting: usize) -> bool {
        self.most = self.most.max(waiting);
        let is_due = self.most >= MANY && waiting <= self.most / PART;
        if is_due {
            self.most = waiting;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_one_return() {
        let mut leftover = Leftover::default();
        let due = [0, MANY, 2 * MANY, MANY, 2 * MANY / PART, 0].map(|waiting| leftover.is_due(waiting));
        assert_eq!(due, [false, false, false, false, true, false]);
        assert!(!leftover.is_due(MANY));
        assert!(leftover.is_due(0));
    }

    #[test]
    fn a_few_that_come_and_go_cause_none() {
        let mut leftover = Leftover::default();
        assert!([0, MANY - 1, 0, MANY - 1, 0].into_iter().all(|waiting| !leftover.is_due(waiting)));
    }
}
