//! The latest lines of a list, in the order of their times. Pure.

use super::stages::Micros;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

#[derive(Debug)]
pub(super) struct Latest {
    /// By time, then in the order in which they came. Without a time they are the oldest.
    lines: BTreeMap<(Option<Micros>, u64), String>,
    came: u64,
    most: usize,
}

impl Latest {
    pub(super) fn new(most: usize) -> Self {
        Self { lines: BTreeMap::new(), came: 0, most }
    }

    pub(super) fn put(&mut self, time: Option<Micros>, line: String) {
        self.lines.insert((time, self.came), line);
        self.came += 1;
        if self.lines.len() > self.most {
            self.lines.pop_first();
        }
    }

    /// The oldest is the first.
    pub(super) fn lines(self) -> impl Iterator<Item = String> {
        self.lines.into_values()
    }
}
