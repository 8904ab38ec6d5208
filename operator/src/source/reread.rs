//! How the index requests from a source the objects that it has not kept.

use crate::source::object::Kind;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Pause between two complete rereads, so that frequent creation and deletion of objects does not keep a source busy.
const PAUSE: Duration = Duration::from_secs(10);

/// Requests objects again: of the three kinds, or for EndpointSlices, which are many. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Reread {
    policies: Arc<watch::Sender<u64>>,
    slices: Arc<watch::Sender<u64>>,
}

/// The source's end.
#[derive(Debug)]
pub(crate) struct Requests {
    requested: watch::Receiver<u64>,
    /// Up to which all were answered.
    answered: u64,
    earliest: Option<Instant>,
}

impl Default for Reread {
    fn default() -> Self {
        let sender = || Arc::new(watch::Sender::new(0));
        Self { policies: sender(), slices: sender() }
    }
}

impl Reread {
    /// For this kind and those that share a budget with it.
    pub(crate) fn request(&self, kind: Kind) {
        self.of(kind).send_modify(|requested| *requested += 1);
    }

    pub(crate) fn requests(&self, kind: Kind) -> Requests {
        let requested = self.of(kind).subscribe();
        let answered = *requested.borrow();
        Requests { requested, answered, earliest: None }
    }

    fn of(&self, kind: Kind) -> &watch::Sender<u64> {
        if kind == Kind::EndpointSlice { &self.slices } else { &self.policies }
    }
}

impl Requests {
    /// Returns when everything must be sent again. Cancellation-safe.
    pub(crate) async fn next(&mut self) {
        let answered = self.answered;
        if self.requested.wait_for(|requested| *requested != answered).await.is_err() {
            // The index is gone.
            return std::future::pending().await;
        }
        if let Some(earliest) = self.earliest {
            sleep_until(earliest).await;
        }
        self.answered = *self.requested.borrow();
        self.earliest = Some(Instant::now() + PAUSE);
    }

    /// The same for a source that looks every few seconds anyway.
    pub(crate) fn take(&mut self) -> bool {
        let requested = *self.requested.borrow();
        std::mem::replace(&mut self.answered, requested) != requested
    }
}

#[cfg(test)]
mod tests;
