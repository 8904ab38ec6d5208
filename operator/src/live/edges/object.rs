//! An edge as an object of the API.

use super::facts::{EdgeFacts, Workload};
use super::sums::{Kernels, Quantiles, Sums};
use crate::live::object::{directions, known, time};
use crate::live::row::RowState;
use crate::live::uid;
use longwire_live::Edge;
use longwire_live::edge::{self as api, EdgeSpec, EdgeStatus, WorkloadReference};
use longwire_live::end::ServiceReference;

/// As the view of this namespace has it.
pub(in crate::live) fn edge(state: &RowState<Sums>, namespace: &str) -> Edge {
    let RowState { facts, merged, revision, .. } = state;
    let mut edge = Edge::new(&facts.name, spec(facts));
    let metadata = &mut edge.metadata;
    metadata.namespace = Some(namespace.to_owned());
    metadata.uid = Some(uid::of_text(&format!("longwire edge {}", facts.text())));
    metadata.resource_version = Some(revision.to_string());
    metadata.labels = Some(facts.labels(namespace)).filter(|labels| !labels.is_empty());
    edge.status = Some(status(merged));
    edge
}

fn spec(facts: &EdgeFacts) -> EdgeSpec {
    let EdgeFacts { name: _, source, destination, service } = facts;
    let end = |end: &Workload| WorkloadReference {
        namespace: end.namespace().map(str::to_owned),
        workload: end.name().and_then(known),
    };
    EdgeSpec {
        source: end(source),
        destination: end(destination),
        service: service.as_deref().map(|service| ServiceReference {
            name: known(&service.name),
            namespace: known(&service.namespace),
            host: known(&service.host),
            port: None,
        }),
    }
}

fn status(sums: &Sums) -> EdgeStatus {
    let Sums { since, open, opened, closed, ref failed, vanished, bytes, bytes_per_second, rtt, kernels } = *sums;
    let Kernels { sent, retransmitted_bytes, retransmits, lost } = kernels;
    let all = sent.saturating_add(retransmitted_bytes);
    EdgeStatus {
        since: time(since),
        open,
        opened,
        closed,
        failed: failed.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect(),
        vanished,
        bytes: directions(bytes),
        bytes_per_second: directions(bytes_per_second),
        rtt_microseconds: rtt.map(|Quantiles { p50, p95, p99 }| api::Quantiles { p50, p95, p99 }),
        retransmit_ratio: (all > 0).then(|| retransmitted_bytes as f64 / all as f64),
        retransmitted_bytes,
        retransmits,
        lost_packets: lost,
    }
}

#[cfg(test)]
mod tests;
