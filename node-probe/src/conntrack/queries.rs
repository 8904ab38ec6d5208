//! Conntrack's thread. A query is a round trip to the kernel, and a search walks through its whole table, so the
//! sampling thread only hands questions over and collects answers.
//!
//! ```text
//! sampler: ask --waiting--> questions --> conntrack's thread --> answers --> sampler: the pipeline
//! ```

use longwire_pipeline::pipeline::BackendQuestion;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{Builder, JoinHandle};

/// Questions that the thread has and has not answered, which bounds both channels: what it answers within one turn of
/// the sampling thread.
const HANDED_OVER: usize = 8_192;
/// Questions that wait until the thread has room: as many as the pipeline has at once.
const WAITING: usize = 65_536;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) token: u64,
    /// `None`: conntrack has no such connection.
    pub(crate) backend: Option<SocketAddr>,
}

/// The sampling thread's side. Conntrack's thread ends when this is dropped, after the query that it is in.
#[derive(Debug)]
pub(crate) struct Queries {
    questions: Sender<BackendQuestion>,
    answers: Receiver<Answer>,
    handed_over: usize,
    waiting: VecDeque<BackendQuestion>,
}

impl Queries {
    /// `backend` runs on the new thread, which is in the caller's network namespace.
    pub(crate) fn start(
        mut backend: impl FnMut(&BackendQuestion) -> Option<SocketAddr> + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (questions, asked) = mpsc::channel::<BackendQuestion>();
        let (answered, answers) = mpsc::channel();
        let thread = Builder::new().name("conntrack".to_owned()).spawn(move || {
            for question in asked {
                let answer = Answer { token: question.token, backend: backend(&question) };
                if answered.send(answer).is_err() {
                    return;
                }
            }
        })?;
        Ok((Self { questions, answers, handed_over: 0, waiting: VecDeque::new() }, thread))
    }

    /// Hands over as many questions as there is room for, the oldest first. The others wait for the next call. Returns
    /// how many of the new ones found no room. A connection whose question waits for longer than the pipeline does is
    /// named by its Service alone, so of too many the oldest questions are dropped.
    pub(crate) fn ask(&mut self, questions: Vec<BackendQuestion>) -> usize {
        let new = questions.len();
        self.waiting.extend(questions);
        while self.handed_over < HANDED_OVER
            && let Some(question) = self.waiting.pop_front()
        {
            self.handed_over += 1;
            if let Err(refused) = self.questions.send(question) {
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
