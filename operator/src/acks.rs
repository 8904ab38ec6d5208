//! What each node's probe has answered to its updates: the revision it applied, refusals, notices.
//!
//! ```text
//! stream --NodeAcks--> Acks --snapshot--> status (progress)
//!                          \--refusals, notices--> Events on nodes
//!                          \--probes--> the live API
//! ```
//!
//! An entry is kept while its node has a stream, a pod or a Node object. With manifests a node may have pods and no
//! object; a probe may have a stream before its node has either.

use notices::Notices;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

mod notices;
#[cfg(test)]
mod tests;

/// Nodes with an entry. Streams take fewer; without authentication a client may claim one name after another.
const MAX_NODES: usize = 20_000;
/// Characters of a release that are kept.
const MAX_RELEASE: usize = 64;

/// Streams write; the writer of statuses and the task that creates Events read.
#[derive(Debug, Default)]
pub struct Acks {
    nodes: Mutex<HashMap<String, Entry>>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Entry {
    streams: usize,
    /// `None`: its probe has answered nothing yet.
    acked: Option<Acked>,
    /// The last reason of a refusal since [`Acks::take_refusals`].
    refusal: Option<String>,
    notices: Notices,
    /// As the newest stream's probe says it.
    release: Option<String>,
}

/// What is known of a node's probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProbeState {
    /// Whether it has a stream.
    pub(crate) connected: bool,
    /// `None`: it has not said it to this replica.
    pub(crate) release: Option<String>,
    /// `None`: it has answered nothing yet.
    pub(crate) acked: Option<Acked>,
    /// Of the last hour.
    pub(crate) notices: Vec<String>,
}

/// What a node's probe has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acked {
    /// Everything up to it is applied.
    pub(crate) revision: u64,
    /// The revision that the probe could not apply, and why; `None`: none since.
    pub(crate) refused: Option<(u64, String)>,
}

/// The entry of one node, held by a stream of its probe.
#[derive(Debug)]
pub(crate) struct NodeAcks {
    acks: Arc<Acks>,
    node: String,
}

impl Acks {
    /// For a stream of the node's probe. `None`: there is no room for one more node.
    pub(crate) fn open(self: &Arc<Self>, node: &str) -> Option<NodeAcks> {
        let mut nodes = self.nodes.lock();
        if nodes.len() >= MAX_NODES && !nodes.contains_key(node) {
            return None;
        }
        nodes.entry(node.to_owned()).or_default().streams += 1;
        Some(NodeAcks { acks: Arc::clone(self), node: node.to_owned() })
    }

    /// Forgets nodes that have no stream and are not there.
    pub(crate) fn retain(&self, is_there: impl Fn(&str) -> bool) {
        self.nodes.lock().retain(|node, entry| entry.streams > 0 || is_there(node));
    }

    /// The nodes whose probes have answered something.
    #[must_use]
    pub(crate) fn snapshot(&self) -> HashMap<String, Acked> {
        let nodes = self.nodes.lock();
        nodes.iter().filter_map(|(node, entry)| Some((node.clone(), entry.acked.clone()?))).collect()
    }

    /// Every node's probe that has had a stream.
    #[must_use]
    pub(crate) fn probes(&self) -> HashMap<String, ProbeState> {
        let now = Instant::now();
        let state = |(node, entry): (&String, &Entry)| {
            let Entry { streams, acked, release, notices, refusal: _ } = entry;
            let (release, acked, notices) = (release.clone(), acked.clone(), notices.lately(now));
            (node.clone(), ProbeState { connected: *streams > 0, release, acked, notices })
        };
        self.nodes.lock().iter().map(state).collect()
    }

    /// Returns when an answer has changed something since the last call.
    pub(crate) async fn changed(&self) {
        self.news.notified().await;
    }

    /// Reasons of refusals since the last call, by node; of refusals that have been resolved since too.
    #[must_use]
    pub(crate) fn take_refusals(&self) -> HashMap<String, String> {
        let mut nodes = self.nodes.lock();
        nodes.iter_mut().filter_map(|(node, entry)| Some((node.clone(), entry.refusal.take()?))).collect()
    }

    /// One waiting notice of each node that has any.
    #[must_use]
    pub(crate) fn notices(&self) -> Vec<(String, String)> {
        let nodes = self.nodes.lock();
        nodes.iter().filter_map(|(node, entry)| Some((node.clone(), entry.notices.next()?.to_owned()))).collect()
    }

    pub(crate) fn notice_sent(&self, node: &str, text: &str) {
        if let Some(entry) = self.nodes.lock().get_mut(node) {
            entry.notices.sent(text, Instant::now());
        }
    }
}

impl NodeAcks {
    /// The probe's release. An empty text is none.
    pub(crate) fn runs(&self, release: &str) {
        let release = release.chars().filter(|letter| !letter.is_control()).take(MAX_RELEASE).collect::<String>();
        self.change(|entry| entry.release = Some(release).filter(|release| !release.is_empty()));
    }

    /// The probe has applied this revision.
    pub(crate) fn applied(&self, revision: u64) {
        self.answered(|entry| {
            let acked = entry.acked.get_or_insert_default();
            acked.revision = acked.revision.max(revision);
            acked.refused.take_if(|(refused, _)| *refused <= revision);
        });
    }

    /// The probe could not apply this revision.
    pub(crate) fn refused(&self, revision: u64, error: &str) {
        self.answered(|entry| {
            entry.refusal = Some(error.to_owned());
            entry.acked.get_or_insert_default().refused = Some((revision, error.to_owned()));
        });
    }

    /// The probe has a notice about its node. A known notice is left out, and one past the bound.
    pub(crate) fn notice(&self, text: &str) {
        self.change(|entry| entry.notices.take(text, Instant::now()));
    }

    fn answered(&self, answer: impl FnOnce(&mut Entry)) {
        let is_new = self.change(|entry| {
            let former = entry.acked.clone();
            answer(entry);
            entry.acked != former
        });
        if is_new {
            self.acks.news.notify_one();
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Entry) -> T) -> T {
        change(self.acks.nodes.lock().entry(self.node.clone()).or_default())
    }
}

impl Drop for NodeAcks {
    fn drop(&mut self) {
        self.change(|entry| entry.streams = entry.streams.saturating_sub(1));
    }
}
