//! Rounds of questions to all probes that know estimates, one at a time.
//!
//! ```text
//! Estimates --Round--> live streams --EstimateOrder--> probes --Estimated--> live streams --answers--> Estimates
//! ```

use longwire_model::estimate::{EstimateOrder, Estimated, NodeEstimate};
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::{LocalPod, Update};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

#[cfg(test)]
mod tests;

/// Longest wait for the probes' answers, a little longer than they look for.
const ANSWERS: Duration = Duration::from_millis(1_500);

/// What all probes are asked.
#[derive(Debug, Default)]
pub struct Round {
    id: u64,
    namespace: Option<String>,
    /// `None`: as they are.
    settings: Option<NodeSettings>,
    /// Pods that would be configured differently, by node.
    pods: HashMap<String, Vec<LocalPod>>,
}

#[derive(Debug, Default)]
pub struct Rounds {
    state: Mutex<State>,
    asked: watch::Sender<Arc<Round>>,
    /// Something was answered, or a stream ended.
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The round that runs; 0: none.
    id: u64,
    last: u64,
    /// Streams of probes that can answer.
    able: HashMap<u64, Arc<str>>,
    answers: BTreeMap<Arc<str>, NodeEstimate>,
}

/// A stream that can answer, until it ends.
#[derive(Debug)]
pub(crate) struct Able {
    rounds: Arc<Rounds>,
    stream: u64,
    node: Arc<str>,
    asked: watch::Receiver<Arc<Round>>,
}

impl Round {
    pub(crate) fn new(
        namespace: Option<String>,
        settings: Option<NodeSettings>,
        pods: HashMap<String, Vec<LocalPod>>,
    ) -> Self {
        Self { id: 0, namespace, settings, pods }
    }

    /// The part of a node.
    fn order(&self, node: &str) -> EstimateOrder {
        let pods = self.pods.get(node).cloned().unwrap_or_default();
        let update = Update { settings: self.settings.clone(), pods, ..Update::default() };
        EstimateOrder { id: self.id, namespace: self.namespace.clone(), update }
    }
}

impl Rounds {
    pub(crate) fn able(self: &Arc<Self>, stream: u64, node: &Arc<str>) -> Able {
        self.state.lock().able.insert(stream, Arc::clone(node));
        let mut asked = self.asked.subscribe();
        // A round that runs waits for this one too.
        asked.mark_changed();
        Able { rounds: Arc::clone(self), stream, node: Arc::clone(node), asked }
    }

    /// What the probes answer, by node. The caller sees to it that there is one round at a time.
    pub(super) async fn ask(&self, round: Round) -> BTreeMap<Arc<str>, NodeEstimate> {
        let (mut news, until) = (self.news.subscribe(), Instant::now() + ANSWERS);
        let id = {
            let mut state = self.state.lock();
            state.last += 1;
            state.id = state.last;
            state.answers.clear();
            state.id
        };
        let _ended = Ended(self);
        self.asked.send_replace(Arc::new(Round { id, ..round }));
        loop {
            news.borrow_and_update();
            let is_complete = self.state.lock().is_complete();
            if is_complete || !matches!(timeout_at(until, news.changed()).await, Ok(Ok(()))) {
                return std::mem::take(&mut self.state.lock().answers);
            }
        }
    }
}

/// Answers that come later are of no round. Also if the caller goes away.
struct Ended<'a>(&'a Rounds);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.state.lock().id = 0;
        // What was asked may be large.
        self.0.asked.send_if_modified(|asked| {
            *asked = Arc::default();
            false
        });
    }
}

impl State {
    fn is_complete(&self) -> bool {
        self.able.values().all(|node| self.answers.contains_key(node))
    }
}

impl Able {
    /// The next order. Nothing is lost if it is asked for anew.
    pub(crate) async fn next(&mut self) -> EstimateOrder {
        loop {
            // The sender is here.
            if self.asked.changed().await.is_err() {
                pending::<()>().await;
            }
            let round = Arc::clone(&self.asked.borrow_and_update());
            if round.id != 0 {
                return round.order(&self.node);
            }
        }
    }

    /// The probe's answer. One that nobody has asked for is left out.
    pub(crate) fn answered(&self, Estimated { id, estimate }: Estimated) {
        let mut state = self.rounds.state.lock();
        if id != 0 && id == state.id {
            state.answers.insert(Arc::clone(&self.node), estimate);
            drop(state);
            self.rounds.news.send_replace(());
        }
    }
}

impl Drop for Able {
    fn drop(&mut self) {
        self.rounds.state.lock().able.remove(&self.stream);
        self.rounds.news.send_replace(());
    }
}
