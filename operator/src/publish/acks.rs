//! The progress of probes: of each node the latest revision that its probe has applied.

use crate::publish::notices::Notices;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[cfg(test)]
mod tests;

/// Streams write; the writer of statuses reads.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    nodes: Mutex<HashMap<String, Acked>>,
    /// Refusals since [`Acks::take_refusals`], by node: the last reason of each.
    refusals: Mutex<HashMap<String, String>>,
    /// Notices of probes about their nodes.
    pub(crate) notices: Notices,
    news: Notify,
}

/// What is known of one node's probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acked {
    /// Everything up to it is applied.
    pub revision: u64,
    /// The revision that the probe could not apply, and why; `None`: none since.
    pub refused: Option<(u64, String)>,
}

impl Acks {
    /// The node's probe has applied this revision.
    pub(crate) fn applied(&self, node: &str, revision: u64) {
        self.change(node, |acked| {
            acked.revision = acked.revision.max(revision);
            acked.refused.take_if(|(refused, _)| *refused <= revision);
        });
    }

    pub(crate) fn refused(&self, node: &str, revision: u64, error: &str) {
        self.refusals().insert(node.to_owned(), error.to_owned());
        self.change(node, |acked| acked.refused = Some((revision, error.to_owned())));
    }

    /// Reasons of refusals since the last call, by node; of refusals that have been resolved since too.
    #[must_use]
    pub(crate) fn take_refusals(&self) -> HashMap<String, String> {
        std::mem::take(&mut self.refusals())
    }

    /// Forgets all other nodes.
    #[cfg_attr(not(test), expect(dead_code, reason = "no caller forgets nodes that have left the cluster yet"))]
    pub(crate) fn retain(&self, nodes: &BTreeSet<String>) {
        self.lock().retain(|node, _| nodes.contains(node));
        self.notices.retain(|node| nodes.contains(node));
    }

    #[must_use]
    pub(crate) fn snapshot(&self) -> HashMap<String, Acked> {
        self.lock().clone()
    }

    /// Returns when something has changed since the last call.
    pub(crate) async fn changed(&self) {
        self.news.notified().await;
    }

    fn change(&self, node: &str, change: impl FnOnce(&mut Acked)) {
        let mut nodes = self.lock();
        let known = nodes.get(node);
        let mut acked = known.cloned().unwrap_or_default();
        change(&mut acked);
        if known != Some(&acked) {
            nodes.insert(node.to_owned(), acked);
            drop(nodes);
            self.news.notify_one();
        }
    }

    /// As for the nodes.
    fn refusals(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing panics while it is held, and if it did the map would be whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Acked>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
