//! Connections, added up by both ends' workloads. Pure.

use crate::ends::workload;
use longwire_live::Connection;
use longwire_live::connection::Phase;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// By source and destination, as `shop/web`.
pub(super) type Edges = BTreeMap<(String, String), Sum>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) open: u64,
    pub(super) closed: u64,
    pub(super) failed: u64,
    /// Of open ones, in both directions.
    pub(super) bytes_per_second: u64,
    pub(super) retransmits: u64,
}

pub(super) fn edges(connections: &[Connection]) -> Edges {
    let mut edges = Edges::new();
    for connection in connections {
        let (source, destination) = (workload(&connection.spec.source), workload(&connection.spec.destination));
        let sum = edges.entry((source, destination)).or_default();
        let Some(status) = &connection.status else { continue };
        match status.phase {
            Phase::Open => {
                sum.open += 1;
                let rates = status.bytes_per_second;
                let rate = rates.from_source.saturating_add(rates.from_destination);
                sum.bytes_per_second = sum.bytes_per_second.saturating_add(rate);
            }
            Phase::Closed => sum.closed += 1,
            Phase::Failed => sum.failed += 1,
        }
        let ends = [&status.source, &status.destination].into_iter().flatten();
        let retransmits = ends.filter_map(|end| end.retransmits).fold(0, u64::saturating_add);
        sum.retransmits = sum.retransmits.saturating_add(retransmits);
    }
    edges
}
