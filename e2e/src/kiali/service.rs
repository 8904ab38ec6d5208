//! A service graph is a workload graph with Services between, whose workloads are left out: an edge from a Service to what
//! the workloads behind it call.

use super::graph::Edges;
use super::node::Node;
use std::collections::BTreeSet;

/// Whoever is called by nobody stays, so that one sees where traffic comes from; workload to workload goes.
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
