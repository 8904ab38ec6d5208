//! The status subresource of each policy object, written by the leader alone.
//!
//! ```text
//! Status (wanted) --Reports--> Plan (pure: what to write now) --Writer--> API server
//! ```
//!
//! Only the latest wanted status of an object waits, so that an API server that is away costs no memory.

use crate::source::object::Key;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Notify;

mod body;
mod news;
mod plan;
pub(crate) mod progress;
pub(crate) mod report;
#[cfg(test)]
mod tests;
mod write;

pub use news::{line, log};
pub use write::write;

/// All of an object's status, and when it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `metadata.generation` of the object that this is about.
    pub(crate) observed_generation: i64,
    pub accepted: Condition,
    pub(crate) programmed: Condition,
    pub conflicted: Condition,
    pub(crate) programmed_nodes: u32,
    pub(crate) desired_nodes: u32,
    /// Workloads selected.
    pub(crate) workloads: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(crate) status: Truth,
    /// In CamelCase.
    pub reason: String,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

/// The queue of wanted statuses. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Reports(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    /// By object; at most one each. `None`: the object is gone.
    left: Mutex<HashMap<Key, Option<Report>>>,
    notify: Notify,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Report {
    /// An object that was made anew under the same name is another one.
    uid: String,
    status: Status,
}

impl Reports {
    /// Replaces the wanted status of the object.
    pub fn leave(&self, key: Key, uid: &str, status: Status) {
        self.put(key, Some(Report { uid: uid.to_owned(), status }));
    }

    /// The object is gone: nothing is written about it any more.
    pub(crate) fn forget(&self, key: Key) {
        self.put(key, None);
    }

    fn put(&self, key: Key, report: Option<Report>) {
        self.0.left.lock().insert(key, report);
        self.0.notify.notify_one();
    }

    fn take(&self) -> HashMap<Key, Option<Report>> {
        std::mem::take(&mut self.0.left.lock())
    }

    /// Takes the keys that wait, each with whether it has a status.
    #[cfg(test)]
    pub(crate) fn take_keys(&self) -> Vec<(Key, bool)> {
        self.take().into_iter().map(|(key, report)| (key, report.is_some())).collect()
    }

    /// Returns when a status waits.
    async fn queued(&self) {
        self.0.notify.notified().await;
    }
}

impl Status {
    fn conditions(&self) -> [(&'static str, &Condition); 3] {
        [("Accepted", &self.accepted), ("Programmed", &self.programmed), ("Conflicted", &self.conflicted)]
    }

    /// Whether a difference matters to a waiting user. Counts, and messages that may contain counts, do not.
    fn turns(&self, former: &Self) -> bool {
        let verdict = |condition: &Condition| (condition.status, condition.reason.clone());
        let verdicts = |status: &Self| status.conditions().map(|(_, condition)| verdict(condition));
        self.observed_generation != former.observed_generation || verdicts(self) != verdicts(former)
    }
}

impl Truth {
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Truth {
    fn from(is_so: bool) -> Self {
        if is_so { Self::True } else { Self::False }
    }
}
