//! One live stream a node: the newest, because the one before is the one most likely dead.

#[cfg(test)]
mod tests;

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Most streams.
const MAX: usize = 8_192;

#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<HashMap<Arc<str>, Place>>);

#[derive(Debug)]
struct Place {
    number: u64,
    /// Dropped when a newer stream takes the place.
    _keep: oneshot::Sender<()>,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    newest: Arc<Newest>,
    node: Arc<str>,
    number: u64,
    /// Resolves when a newer stream of the node is here.
    pub(super) lost: oneshot::Receiver<()>,
}

impl Newest {
    /// `None`: there are too many. The second says whether an older stream of the node has lost its place.
    pub(super) fn take(self: &Arc<Self>, node: &Arc<str>, number: u64) -> Option<(Taken, bool)> {
        let mut places = self.0.lock();
        if places.len() >= MAX && !places.contains_key(node) {
            return None;
        }
        let (keep, lost) = oneshot::channel();
        let before = places.insert(Arc::clone(node), Place { number, _keep: keep });
        let taken = Taken { newest: Arc::clone(self), node: Arc::clone(node), number, lost };
        Some((taken, before.is_some()))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut places = self.newest.0.lock();
        if places.get(&self.node).is_some_and(|place| place.number == self.number) {
            places.remove(&self.node);
        }
    }
}
