//! Conntrack's thread. A query is a round trip to the kernel, and a search walks through its whole table, so the
//! sampling thread only hands queries over and collects answers.
//!
//! ```text
//! sampler: push --waiting--> queries --> conntrack's thread --> answers --> sampler: the pipeline
//! ```

use longwire_pipeline::pipeline::BackendQuery;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{Builder, JoinHandle};

/// Queries that the thread has and has not answered, which bounds both channels: what it answers within one turn of
/// the sampling thread.
const HANDED_OVER: usize = 8_192;
/// Queries that wait until the thread has room: as many as the pipeline has at once.
const WAITING: usize = 65_536;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) token: u64,
    /// `None`: conntrack has no such connection.
    pub(crate) backend: Option<SocketAddr>,
}

/// The sampling thread's side. Conntrack's thread ends when this is dropped, after the query that it is in.
#[derive(Debug)]
pub(crate) struct ConntrackQueue {
    queries: Sender<BackendQuery>,
    answers: Receiver<Answer>,
    handed_over: usize,
    waiting: VecDeque<BackendQuery>,
}

impl ConntrackQueue {
    /// `backend` runs on the new thread, which is in the caller's network namespace.
    pub(crate) fn start(
        mut backend: impl FnMut(&BackendQuery) -> Option<SocketAddr> + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (queries, received) = mpsc::channel::<BackendQuery>();
        let (answered, answers) = mpsc::channel();
        let thread = Builder::new().name("conntrack".to_owned()).spawn(move || {
            for query in received {
                let answer = Answer { token: query.token, backend: backend(&query) };
                if answered.send(answer).is_err() {
                    return;
                }
            }
        })?;
        Ok((Self { queries, answers, handed_over: 0, waiting: VecDeque::new() }, thread))
    }

    /// Hands over as many queries as there is room for, the oldest first. The others wait for the next call. Returns
    /// how many of the new ones found no room. A connection whose query waits for longer than the pipeline does is
    /// named by its Service alone, so of too many the oldest queries are dropped.
    pub(crate) fn push(&mut self, queries: Vec<BackendQuery>) -> usize {
        let new = queries.len();
        self.waiting.extend(queries);
        while self.handed_over < HANDED_OVER
            && let Some(query) = self.waiting.pop_front()
        {
            self.handed_over += 1;
            if let Err(refused) = self.queries.send(query) {
                self.handed_over = HANDED_OVER;
                self.waiting.push_front(refused.0);
            }
        }
        let refused = new.min(self.waiting.len());
        self.waiting.drain(..self.waiting.len().saturating_sub(WAITING));
        refused
    }

    /// The answers that have arrived.
    pub(crate) fn answers(&mut self) -> Vec<Answer> {
        let answers: Vec<_> = self.answers.try_iter().collect();
        self.handed_over -= answers.len();
        answers
    }
}

#[cfg(test)]
mod tests;
