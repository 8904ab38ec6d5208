//! The pipeline's counts of its own work, for self-metrics.

use super::Pipeline;

/// Cumulative unless it says "now".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Ring records that were taken.
    pub records: u64,
    /// Ring records of another size than the contract's; skipped.
    pub invalid_size: u64,
    /// Ring records of an unknown kind; skipped.
    pub invalid_kind: u64,
    /// Ring records of connections without an id; skipped.
    pub invalid_id: u64,
    /// Connections that the kernel side summed up because the ring was full: they count, but have no times of their own.
    pub folded: u64,
    /// Samples that were taken.
    pub samples: u64,
    /// Samples of connections that were never announced, or refused; skipped.
    pub samples_unknown: u64,
    /// Samples and records of connections that were over; skipped.
    pub late: u64,
    /// Readings in which a counter was lower than before; clamped.
    pub backwards: u64,
    /// Announced connections for which the table had no room: their totals come when they close.
    pub connections_refused: u64,
    /// Connections that vanished from a complete pass: counted as closed with what was last seen.
    pub closes_lost: u64,
    /// Closed connections older than the probe that it had not adopted: without a baseline they add nothing.
    pub unadopted_closes: u64,
    /// Closes of sockets that the kernel side had never seen: they add nothing.
    pub untracked_closes: u64,
    /// Closed ids forgotten early because there were too many: late records of them would count again.
    pub closed_forgotten: u64,
    /// Connections of processes that are in no pod, or from such to a pod of this node: not reported.
    pub host_connections: u64,
    /// Connections of pods that are not this node's: not reported.
    pub foreign_connections: u64,
    /// Connections that stay inside one pod: not reported.
    pub local_legs: u64,
    /// Connections whose opening end is not known: not reported.
    pub role_unknown: u64,
    /// Addresses with two owners, none, or a node for one, when the connection opened: the peer is `unknown`.
    pub ambiguous: u64,
    /// Addresses whose owner the operator did not send in time: the peer is `unknown`.
    pub unanswered: u64,
    /// Connections to a Service whose backend is not known: the destination workload is `unknown`.
    pub backend_unknown: u64,
    /// Accepted connections from outside the cluster, or masqueraded: the source is `unknown`.
    pub sources_outside: u64,
    /// Connections whose wait was cut short because too many waited: what was not known yet is `unknown`.
    pub pending_forced: u64,
    /// Connections that are not reported because too many waited for their own pod to be known.
    pub pending_dropped: u64,
    /// Evaluations of tags' expressions that failed for a connection: the label reads `unknown`.
    pub expression_errors: u64,
    /// Cgroups whose names were forgotten because there were too many.
    pub cgroups_evicted: u64,
    /// Addresses forgotten because there were too many.
    pub addresses_evicted: u64,
    /// Ends forgotten before their other end came, because there were too many.
    pub joins_evicted: u64,
    /// Live connections known now, and most of them.
    pub connections: u64,
    pub most_connections: u64,
    /// Connections that wait to be resolved, now.
    pub pending: u64,
    /// Addresses known or queried now.
    pub addresses: u64,
    /// Cgroups known by name now.
    pub cgroups: u64,
    /// Pods of this node now.
    pub pods: u64,
    /// Connections remembered for their other end now.
    pub joins: u64,
}

pub(super) fn gather(pipeline: &Pipeline) -> Stats {
    let super::Counts {
        records,
        invalid_size,
        invalid_kind,
        invalid_id,
        folded,
        samples,
        host,
        foreign,
        local_legs,
        role_unknown,
        dropped,
        expression_errors,
    } = pipeline.counts;
    let connections = pipeline.connections.counts;
    let resolver = pipeline.resolver.counts;
    let sizes = pipeline.resolver.sizes();
    Stats {
        records,
        invalid_size,
        invalid_kind,
        invalid_id,
        folded,
        samples,
        samples_unknown: connections.samples_unknown,
        late: connections.late,
        backwards: connections.backwards,
        connections_refused: connections.refused,
        closes_lost: connections.closes_lost,
        unadopted_closes: connections.unadopted_closes,
        untracked_closes: connections.untracked_closes,
        closed_forgotten: pipeline.connections.closed_forgotten(),
        host_connections: host,
        foreign_connections: foreign,
        local_legs,
        role_unknown,
        ambiguous: resolver.ambiguous,
        unanswered: resolver.unanswered,
        backend_unknown: resolver.backend_unknown,
        sources_outside: resolver.sources_outside,
        pending_forced: resolver.forced,
        pending_dropped: dropped,
        expression_errors,
        cgroups_evicted: sizes.cgroups_evicted,
        addresses_evicted: sizes.addresses_evicted,
        joins_evicted: sizes.joins_evicted,
        connections: pipeline.connections.len() as u64,
        most_connections: pipeline.connections.limit() as u64,
        pending: sizes.pending as u64,
        addresses: sizes.addresses as u64,
        cgroups: sizes.cgroups as u64,
        pods: sizes.pods as u64,
        joins: sizes.joins as u64,
    }
}
