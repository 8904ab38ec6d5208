//! Facts of probes: asked of all that know some, when somebody reads `probes`. Answers of the last second count for everybody.
//!
//! ```text
//! readers --ask--> question --watch--> live streams --AskFacts--> probes
//!        \<--------- answers <-------- live streams <--Facts-----/
//! ```

#[cfg(test)]
mod tests;

use longwire_model::live::Facts;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// However many ask, probes are asked once in this time.
const FRESH: Duration = Duration::from_secs(1);
/// Longest wait for their answers.
const WAIT: Duration = Duration::from_secs(1);

/// What every probe that has answered says of itself, by node.
pub type Known = HashMap<Arc<str>, Arc<Facts>>;

#[derive(Debug)]
pub struct Questions {
    /// The number of the last question; 0: there was none.
    asked: watch::Sender<u64>,
    streams: Mutex<Streams>,
    /// Something was answered, or a stream has gone.
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Streams {
    /// When the last question was asked.
    asked: Option<Instant>,
    by_node: HashMap<Arc<str>, Stream>,
}

#[derive(Debug)]
struct Stream {
    number: u64,
    /// The last question that it has answered, or that was asked before it came.
    answered: u64,
    facts: Option<Arc<Facts>>,
}

/// A stream that is asked, until it is dropped.
#[derive(Debug)]
pub(crate) struct Member {
    questions: Arc<Questions>,
    node: Arc<str>,
    stream: u64,
    /// Changes with each question.
    pub(crate) asked: watch::Receiver<u64>,
}

impl Default for Questions {
    fn default() -> Self {
        Self { asked: watch::Sender::new(0), streams: Mutex::default(), news: watch::Sender::new(()) }
    }
}

impl Questions {
    /// The newest stream of this node is asked from the next question on. `stream`: its number.
    pub(crate) fn join(self: &Arc<Self>, node: &Arc<str>, stream: u64) -> Member {
        let mut streams = self.streams.lock();
        let asked = self.asked.subscribe();
        let joined = Stream { number: stream, answered: *asked.borrow(), facts: None };
        streams.by_node.insert(Arc::clone(node), joined);
        drop(streams);
        self.news.send_replace(());
        Member { questions: Arc::clone(self), node: Arc::clone(node), stream, asked }
    }

    /// Asks all, unless somebody has just done so, and waits a moment for their answers.
    pub async fn ask(&self) -> Known {
        let mut news = self.news.subscribe();
        let (question, until) = self.question(Instant::now());
        loop {
            news.borrow_and_update();
            let (known, is_complete) = self.answers(question);
            if is_complete || !matches!(timeout_at(until, news.changed()).await, Ok(Ok(()))) {
                return known;
            }
        }
    }

    /// The question that counts now, and until when its answers are waited for.
    fn question(&self, now: Instant) -> (u64, Instant) {
        let mut streams = self.streams.lock();
        match streams.asked.filter(|asked| now.saturating_duration_since(*asked) < FRESH) {
            Some(asked) => (*self.asked.borrow(), asked + WAIT),
            None => {
                streams.asked = Some(now);
                self.asked.send_modify(|question| *question += 1);
                (*self.asked.borrow(), now + WAIT)
            }
        }
    }

    /// What is known by this question or a later one, and whether all have answered.
    fn answers(&self, question: u64) -> (Known, bool) {
        let streams = self.streams.lock();
        let answered = streams.by_node.iter().filter(|(_, stream)| stream.answered >= question);
        let known: Known = answered
            .filter_map(|(node, stream)| Some((Arc::clone(node), Arc::clone(stream.facts.as_ref()?))))
            .collect();
        (known, streams.by_node.values().all(|stream| stream.answered >= question))
    }
}

impl Member {
    /// What it has not been asked, or has answered already, changes nothing.
    pub(crate) fn answer(&self, question: u64, facts: Facts) {
        let now = *self.questions.asked.borrow();
        let mut streams = self.questions.streams.lock();
        let own = streams.by_node.get_mut(&self.node).filter(|stream| stream.number == self.stream);
        let Some(stream) = own.filter(|stream| question == now && stream.answered < question) else { return };
        (stream.answered, stream.facts) = (question, Some(Arc::new(facts)));
        drop(streams);
        self.questions.news.send_replace(());
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut streams = self.questions.streams.lock();
        if streams.by_node.get(&self.node).is_some_and(|stream| stream.number == self.stream) {
            streams.by_node.remove(&self.node);
        }
        drop(streams);
        self.questions.news.send_replace(());
    }
}
