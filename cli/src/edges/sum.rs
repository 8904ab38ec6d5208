//! Connections, added up by both ends' workloads. Pure.

use longwire_live::Connection;
use longwire_live::connection::Phase;
use longwire_live::end::End;
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
        let (source, destination) = (name(&connection.spec.source), name(&connection.spec.destination));
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

/// The workload, else the pod; else the address, without which an end has no name.
fn name(end: &End) -> String {
    match (&end.namespace, end.workload.as_ref().or(end.pod.as_ref()), &end.address) {
        (Some(namespace), Some(name), _) => format!("{namespace}/{name}"),
        (None, Some(name), _) => name.clone(),
        (_, None, Some(address)) => address.clone(),
        (_, None, None) => "unknown".to_owned(),
    }
}
