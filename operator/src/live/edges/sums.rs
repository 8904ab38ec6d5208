//! What is known of an edge now.

use super::facts::EdgeFacts;
use crate::live::merge::Directions;
use crate::live::row::State;
use longwire_model::identity::UnixNanos;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Counts and bytes begin there at 0.
    pub since: UnixNanos,
    pub open: u64,
    pub opened: u64,
    pub closed: u64,
    /// By reason.
    pub failed: BTreeMap<&'static str, u64>,
    /// Not open any more, and nobody has told of their end.
    pub vanished: u64,
    pub bytes: Directions,
    pub bytes_per_second: Directions,
    /// Of the connections that are listed.
    pub rtt: Option<Quantiles>,
    /// What both kernels say that they did, as far as probes see them.
    pub kernels: Kernels,
}

/// Microseconds, smoothed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    pub p50: u32,
    pub p95: u32,
    pub p99: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kernels {
    /// Bytes of payload, each once.
    pub sent: u64,
    /// Bytes that were sent again.
    pub retransmitted_bytes: u64,
    /// Segments that were.
    pub retransmits: u64,
    pub lost: u64,
}

impl State for Sums {
    type Facts = EdgeFacts;
    /// Nothing that selectors see changes.
    type Phase = ();

    const BEGINS: () = ();

    fn phase(&self) {}

    fn name(facts: &EdgeFacts) -> &Arc<str> {
        &facts.name
    }

    fn namespaces(facts: &EdgeFacts) -> impl Iterator<Item = &str> {
        facts.namespaces()
    }
}

impl Kernels {
    /// What came after `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(before.sent),
            retransmitted_bytes: self.retransmitted_bytes.saturating_sub(before.retransmitted_bytes),
            retransmits: self.retransmits.saturating_sub(before.retransmits),
            lost: self.lost.saturating_sub(before.lost),
        }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.sent = self.sent.saturating_add(more.sent);
        self.retransmitted_bytes = self.retransmitted_bytes.saturating_add(more.retransmitted_bytes);
        self.retransmits = self.retransmits.saturating_add(more.retransmits);
        self.lost = self.lost.saturating_add(more.lost);
    }
}
