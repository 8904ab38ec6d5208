//! What is left out of a saved state because it cannot be true: one item, and what refers to it. Everything else is restored.

use super::ItemKind;
use crate::state::{Flaw, InvalidState};

/// How much of a saved state was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Their counters begin at 0 when a connection records into them again.
    pub label_sets: u64,
    /// Live connections. What they had moved stays counted; what they move from now on is not.
    pub connections: u64,
    /// Connections whose ends were not known yet. One that still lives is counted in full once it announces itself again.
    pub pending: u64,
    /// Pods, addresses, workloads and the like. The operator sends most of them again.
    pub others: u64,
    /// The first that was found.
    pub first: Option<InvalidState>,
    /// Ids of live or closed connections are missing: records of them would count twice. Live connections
    /// must be abandoned and adopted anew.
    pub must_adopt: bool,
}

impl Dropped {
    #[must_use]
    pub fn total(&self) -> u64 {
        self.label_sets + self.connections + self.pending + self.others
    }

    pub(super) fn count(&mut self, kind: ItemKind, invalid: InvalidState) {
        *match kind {
            ItemKind::ServiceSet
            | ItemKind::LocalitySet
            | ItemKind::WorkloadSet
            | ItemKind::ConnectionSet
            | ItemKind::ClusterSet => &mut self.label_sets,
            ItemKind::Connection => &mut self.connections,
            ItemKind::Pending => &mut self.pending,
            _ => &mut self.others,
        } += 1;
        let names_connections = matches!(kind, ItemKind::Connection | ItemKind::Closed);
        self.must_adopt |= names_connections && invalid.flaw == Flaw::Unreadable;
        self.first.get_or_insert(invalid);
    }
}
