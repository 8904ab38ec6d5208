//! What a pending connection counts once it is resolved.

use crate::observation::Delta;
use crate::record::Monotonic;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum PendingCounters {
    /// A live connection: its entry holds the counters.
    Live { id: u64, handshake: Option<Monotonic> },
    /// All that an ended connection will ever add.
    Ended(Delta),
}

impl PendingCounters {
    /// Connections.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Live { .. } => 1,
            // What ended without having been opened was adopted.
            Self::Ended(delta) => delta.closed.max(delta.failed.map_or(1, |(_, count)| count)),
        }
    }
}
