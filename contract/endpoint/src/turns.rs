//! Limits concurrent scrapes, because each takes memory for its buffers and processor time.
//!
//! Sources take turns one after the other, however many scrapes each has waiting. A scrape whose client does not read
//! ends as soon as another one waits.

use crate::connection::Connection;
use crate::counts::{Counts, Reason};
use crate::source::Source;
use crate::table::end;
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnLimits {
    /// Scrapes at a time.
    pub running: usize,
    /// Scrapes that wait, in total and of one source.
    pub waiting: usize,
    pub waiting_of_source: usize,
    /// Longest wait of a scrape.
    pub wait: Duration,
    /// A client that has delayed its answer by this long in total loses its turn to a waiting scrape.
    pub max_blocked: Duration,
    /// The same for a source without other scrapes: a busy reader is not cut off because others are many.
    pub max_blocked_alone: Duration,
}

impl TurnLimits {
    /// Slow readers of 16 sources, one of each, delay another one by 16 / 4 * 1 s = 4 s, those of a few sources with
    /// several each by a quarter of it. A client that reads seldom delays its answer by more than some milliseconds,
    /// but on a busy machine they may add up to half a second.
    pub const SCRAPES: Self = Self {
        running: 4,
        waiting: 16,
        waiting_of_source: 4,
        wait: Duration::from_secs(5),
        max_blocked: Duration::from_millis(250),
        max_blocked_alone: Duration::from_secs(1),
    };
}

/// Too many scrapes wait, or the wait was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

#[derive(Debug)]
pub struct Turns {
    limits: TurnLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Vec<Arc<Connection>>,
    /// The first source is next.
    waiting: VecDeque<(Source, VecDeque<Waiting>)>,
}

/// A running scrape's turn; passed on when dropped.
#[derive(Debug)]
pub struct Turn {
    /// `None`: passed on already.
    held: Option<(Arc<Turns>, Arc<Connection>)>,
}

/// Takes the turn for a waiting connection.
#[derive(Debug)]
struct Waiting {
    connection: Arc<Connection>,
    sender: oneshot::Sender<Turn>,
}

impl Turns {
    #[must_use]
    pub fn new(limits: TurnLimits) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default() })
    }

    /// Waits for a turn of this source, if too many scrapes run.
    pub async fn take(self: &Arc<Self>, connection: &Arc<Connection>) -> Result<Turn, Busy> {
        let given = {
            let mut state = self.state.lock();
            state.forget_gone();
            if state.running.len() < self.limits.running {
                return Ok(self.give(&mut state, Arc::clone(connection)));
            }
            state.wait(connection, &self.limits).ok_or(Busy)?
        };
        match tokio::time::timeout(self.limits.wait, given).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Busy),
        }
    }

    /// If scrapes wait, ends as many running ones, first those whose clients have delayed them longest.
    pub(crate) fn sweep(&self, counts: &Counts, now: Instant) {
        let mut state = self.state.lock();
        state.forget_gone();
        let waiting: usize = state.waiting.iter().map(|(_, of)| of.len()).sum();
        // Scrapes that are ending will pass their turns on.
        let (ending, running): (Vec<_>, Vec<_>) = state.running.iter().partition(|connection| connection.is_ending());
        let mut slow: Vec<_> = running.iter().map(|connection| (connection.blocked_for(now), connection)).collect();
        slow.retain(|(blocked, connection)| {
            let alone = state.scrapes_of(connection.source()) == 1;
            *blocked >= if alone { self.limits.max_blocked_alone } else { self.limits.max_blocked }
        });
        slow.sort_by_key(|(blocked, _)| Reverse(*blocked));
        for (_, connection) in slow.into_iter().take(waiting.saturating_sub(ending.len())) {
            end(connection, Reason::Slow, counts);
        }
    }

    fn give(self: &Arc<Self>, state: &mut State, connection: Arc<Connection>) -> Turn {
        state.running.push(Arc::clone(&connection));
        Turn { held: Some((Arc::clone(self), connection)) }
    }

    fn give_on(self: &Arc<Self>, former: &Arc<Connection>) {
        let mut state = self.state.lock();
        state.end(former);
        while let Some(Waiting { connection, sender }) = state.next() {
            let turn = self.give(&mut state, Arc::clone(&connection));
            let Err(mut refused) = sender.send(turn) else { return };
            // The scrape waits no longer. Emptied, because a drop would pass the turn on from here again.
            refused.held = None;
            state.end(&connection);
        }
    }
}

impl State {
    fn wait(&mut self, connection: &Arc<Connection>, limits: &TurnLimits) -> Option<oneshot::Receiver<Turn>> {
        let all: usize = self.waiting.iter().map(|(_, of)| of.len()).sum();
        let source = connection.source();
        let own = self.waiting.iter().position(|(waiting, _)| *waiting == source);
        // A scrape that is removed from the queue gets Busy from its closed channel.
        if let Some(own) = own.filter(|own| self.waiting[*own].1.len() >= limits.waiting_of_source) {
            // The oldest, so that many earlier scrapes do not lock out the new one.
            self.waiting[own].1.pop_front();
        } else if all >= limits.waiting {
            // A source without a waiting scrape takes the place of the last one of a source that has several.
            let crowded = self.waiting.iter_mut().max_by_key(|(_, of)| of.len()).filter(|(_, of)| of.len() > 1);
            let (_, of) = crowded.filter(|_| own.is_none())?;
            of.pop_back();
        }
        let (sender, given) = oneshot::channel();
        let waiting = Waiting { connection: Arc::clone(connection), sender };
        match own {
            Some(own) => self.waiting[own].1.push_back(waiting),
            None => self.waiting.push_back((source, VecDeque::from([waiting]))),
        }
        Some(given)
    }

    /// Running and waiting scrapes.
    fn scrapes_of(&self, source: Source) -> usize {
        let running = self.running.iter().filter(|running| running.source() == source).count();
        let waiting = self.waiting.iter().find(|(waiting, _)| *waiting == source);
        running + waiting.map_or(0, |(_, of)| of.len())
    }

    fn next(&mut self) -> Option<Waiting> {
        let (source, mut of) = self.waiting.pop_front()?;
        let first = of.pop_front();
        if !of.is_empty() {
            self.waiting.push_back((source, of));
        }
        first
    }

    fn end(&mut self, connection: &Arc<Connection>) {
        if let Some(index) = self.running.iter().position(|running| Arc::ptr_eq(running, connection)) {
            self.running.swap_remove(index);
        }
    }

    fn forget_gone(&mut self) {
        for (_, of) in &mut self.waiting {
            of.retain(|waiting| !waiting.sender.is_closed());
        }
        self.waiting.retain(|(_, of)| !of.is_empty());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((turns, connection)) = self.held.take() {
            turns.give_on(&connection);
        }
    }
}

#[cfg(test)]
mod tests;
