//! Bytes a second, over the last seconds.

use crate::live::merge::Directions;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Over this time.
const WINDOW: Duration = Duration::from_secs(5);
/// Between two marks: a second, which a turn may come a little early for.
const PACE: Duration = Duration::from_millis(900);
/// A probe says once a second what a connection has moved, so less says nothing.
const LEAST: Duration = Duration::from_secs(1);

/// What there was at some moments, the last of them before the window included.
#[derive(Debug)]
pub(super) struct Rate(VecDeque<(Instant, Directions)>);

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self(VecDeque::from([(now, Directions::default())]))
    }

    /// `bytes`: so far.
    pub(super) fn turn(&mut self, bytes: Directions, now: Instant) -> Directions {
        let marks = &mut self.0;
        let is_past = |at: Instant, time| now.saturating_duration_since(at) >= time;
        while marks.get(1).is_some_and(|(at, _)| is_past(*at, WINDOW)) {
            marks.pop_front();
        }
        let Some((since, before)) = marks.front().copied() else { return Directions::default() };
        if marks.back().is_some_and(|(at, _)| is_past(*at, PACE)) {
            marks.push_back((now, bytes));
        }
        let nanoseconds = now.saturating_duration_since(since).max(LEAST).as_nanos();
        let rate = |now: u64, before: u64| {
            let gain = u128::from(now.saturating_sub(before)) * 1_000_000_000;
            u64::try_from(gain / nanoseconds).unwrap_or(u64::MAX)
        };
        Directions {
            from_source: rate(bytes.from_source, before.from_source),
            from_destination: rate(bytes.from_destination, before.from_destination),
        }
    }
}

#[cfg(test)]
mod tests;
