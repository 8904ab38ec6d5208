//! The status subresource of each policy object, written by the leader alone.
//!
//! ```text
//! PolicyState, ACKs, ready probes --report--> PolicyStatus --Reports--> Plan (pure: what to write now) --write--> API server
//! ```
//!
//! A [`PolicyStatus`] is what the API server keeps. Until it is written its conditions have no times.
//! Only the latest status of an object waits, so that an API server that is away costs no memory.

use crate::source::object::Key;
use longwire_crds::PolicyStatus;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Notify;

mod conditions;
mod news;
mod plan;
mod progress;
pub(crate) mod report;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use write::write;

/// A status, and the UID of its object: one that was made anew under the same name is another one.
type Desired = (String, PolicyStatus);

/// The queue of desired statuses. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    /// By object; at most one each. `None`: the object is gone.
    left: Mutex<HashMap<Key, Option<Desired>>>,
    notify: Notify,
}

impl Reports {
    /// Replaces the desired status of the object. `None`: the object is gone, and nothing is written about it any more.
    fn leave(&self, key: Key, desired: Option<Desired>) {
        self.0.left.lock().insert(key, desired);
        self.0.notify.notify_one();
    }

    fn take(&self) -> HashMap<Key, Option<Desired>> {
        std::mem::take(&mut self.0.left.lock())
    }

    /// Returns when a status waits.
    async fn queued(&self) {
        self.0.notify.notified().await;
    }
}
