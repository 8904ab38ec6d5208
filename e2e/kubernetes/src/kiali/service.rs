//! A service graph is a workload graph with Services as nodes, reduced to the Services: an edge leads from a Service to
//! the Services that its workloads call.

use super::graph::Edges;
use super::node::Node;
use std::collections::BTreeSet;

/// Keeps workloads without callers, so that the origin of traffic is visible; removes edges between workloads.
pub(super) fn reduce(edges: &Edges) -> Edges {
    let called: BTreeSet<&Node> = edges.keys().map(|(_, to)| to).collect();
    let mut reduced = Edges::new();
    for ((from, to), rate) in edges {
        if from.is_service() {
            let onward = edges.iter().filter(|((workload, next), _)| workload == to && next.is_service());
            for ((_, next), rate) in onward {
                *reduced.entry((from.clone(), next.clone())).or_default() += rate;
            }
        } else if to.is_service() && !called.contains(from) {
            *reduced.entry((from.clone(), to.clone())).or_default() += rate;
        }
    }
    reduced
}
