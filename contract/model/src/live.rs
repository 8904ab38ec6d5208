//! Which connections live now: what is asked of a probe, and what it says.
//!
//! ```text
//! operator --Watched: since when (generation), which namespaces--> probe
//! probe --LiveBatch: described once, then moved, then ended--> operator
//! probe --Facts: of itself, each time it is asked--> operator
//! ```
//!
//! A generation begins when what is watched changes. In it every connection has a number, and is described before the number is used.
//! Counters are cumulative, so an update that was left out is made good by the next one.

mod described;
mod ended;
mod facts;

pub use described::{Described, LiveEnd, LiveName, LivePod};
pub use ended::{Ended, Ending, Whose};
pub use facts::{
    BudgetUse, ExportLag, Facts, Lag, Lost, MAX_FACT_NAME, MAX_FACT_TEXT, MAX_FACTS, MAX_OVERFLOWED, MAX_UNREADY,
    Overflowed,
};

use crate::connection::Traffic;
use crate::identity::UnixNanos;
use std::collections::BTreeSet;

/// What somebody watches now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Of this stream; another one whenever something else is watched.
    pub generation: u64,
    pub namespaces: WatchedNamespaces,
    /// Also connections that ended before, as far as the probe remembers them.
    pub history: bool,
}

/// A connection is watched if one of its ends is in a namespace that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchedNamespaces {
    All,
    /// None: nothing is watched.
    Only(BTreeSet<String>),
}

/// What is new since the batch before. `described` comes first, then `moved`, then `ended`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveBatch {
    pub generation: u64,
    /// When it was made.
    pub at: UnixNanos,
    /// Connections by their numbers, which are not 0.
    pub described: Vec<(u32, Described)>,
    pub moved: Vec<(u32, Moved)>,
    pub ended: Vec<(Whose, Moved, Ended)>,
    /// Described connections that live no more, of whose end nothing else is known.
    pub gone: Vec<u32>,
    /// All that lived when the generation began has been described.
    pub complete: bool,
    /// Updates that were left out since the batch before: connections that moved, and ends of connections.
    pub missed: u64,
}

/// What a connection has moved since its probe sees it, and its round-trip times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// When that was read.
    pub at: UnixNanos,
    /// Cumulative, as the series have it: `sent` by the server. Retransmits and losses are the reporter's.
    pub traffic: Traffic,
    /// Smoothed, as it was last read, microseconds. `None`: not known.
    pub rtt_us: Option<u32>,
    /// Least one of the kernel's window, some minutes, microseconds. `None`: not known.
    pub min_rtt_us: Option<u32>,
}

impl Default for WatchedNamespaces {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl WatchedNamespaces {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::All => false,
            Self::Only(namespaces) => namespaces.is_empty(),
        }
    }

    #[must_use]
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(namespaces) => namespaces.contains(namespace),
        }
    }
}

impl Watched {
    /// Something is watched.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.namespaces.is_empty()
    }
}
