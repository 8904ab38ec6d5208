//! What the probe says of itself: the rows that its self-metrics are made from.

use super::SelfKind::{Counter, Gauge};
use super::{SelfKind, SelfMetric};

const fn row(name: &'static str, kind: SelfKind, labels: &'static [&'static str], help: &'static str) -> SelfMetric {
    SelfMetric { name, kind, help, labels }
}

/// Of every component.
pub(super) const BUILD_INFO: SelfMetric = row(
    "longwire_build_info",
    Gauge,
    &["component", "version", "commit", "build"],
    "1, with the component's version, the commit it was built from and that commit's time.",
);

#[rustfmt::skip]
pub const SELF_METRICS: [SelfMetric; 41] = [
    row("longwire_probe_kernel_losses_total", Counter, &["kind"], "What the kernel side could not do, or did the long way round, since it was loaded."),
    row("longwire_probe_recursion_misses_total", Counter, &["program"], "Times the kernel skipped a BPF program because it would have interrupted itself."),
    row("longwire_probe_passes_total", Counter, &[], "Passes over the live connections."),
    row("longwire_probe_passes_cut_total", Counter, &[], "Passes that ended before every live connection was sampled."),
    row("longwire_probe_pass_seconds_total", Counter, &[], "Time spent in passes, their ingest included."),
    row("longwire_probe_pass_kernel_seconds_total", Counter, &[], "Of those, time in the kernel."),
    row("longwire_probe_pass_delay_seconds_total", Counter, &[], "Time by which passes began after they were due."),
    row("longwire_probe_passes_delayed_total", Counter, &[], "Passes that began more than an interval after they were due."),
    row("longwire_probe_records_total", Counter, &[], "Records taken from the ring."),
    row("longwire_probe_samples_total", Counter, &[], "Samples of live connections taken."),
    row("longwire_probe_skipped_total", Counter, &["reason"], "Records and samples that changed nothing: not of the contract's size or kind, without an id, unknown, late, or of a connection without a baseline."),
    row("longwire_probe_clamped_total", Counter, &[], "Readings in which a counter was lower than before."),
    row("longwire_probe_connections", Gauge, &[], "Live connections known now."),
    row("longwire_probe_connections_waiting", Gauge, &[], "Connections whose counts wait for the names of their ends, now."),
    row("longwire_probe_connections_refused_total", Counter, &[], "Live connections beyond --max-connections; they are counted when they close."),
    row("longwire_probe_connections_ignored_total", Counter, &["reason"], "Connections that are not reported: of host processes, of other nodes' pods, inside one pod, of unknown role, or dropped while too many waited."),
    row("longwire_probe_closes_lost_total", Counter, &[], "Connections that vanished without a close record; counted as closed with what was last seen."),
    row("longwire_probe_connections_folded_total", Counter, &[], "Connections that ended while the ring was full and are counted without histograms."),
    row("longwire_probe_unknown_total", Counter, &["reason"], "Connections one end of which is unknown: address ambiguous, operator silent, backend not tracked, source outside the cluster, or too many waited."),
    row("longwire_probe_evicted_total", Counter, &["table"], "Entries that fell out of a full table."),
    row("longwire_probe_entries", Gauge, &["table"], "Entries of a table now."),
    row("longwire_probe_label_sets", Gauge, &["kind"], "Label sets exposed now."),
    row("longwire_probe_series", Gauge, &["kind"], "Series of connections exposed now, by the kind of their label set."),
    row("longwire_probe_series_charged", Gauge, &[], "Series of edges, workloads and clusters that are charged against --max-series: those exposed, and what overflow sets may grow to."),
    row("longwire_probe_label_set_bytes", Gauge, &[], "Memory that label sets are charged for, by the length of their labels, their place in the saved state among it."),
    row("longwire_probe_label_set_bytes_limit", Gauge, &[], "Memory that label sets may be charged for."),
    row("longwire_probe_overflowed_total", Counter, &["kind", "namespace"], "Connections folded into an overflow series because a budget was full: the node's, by kind of label set, with the namespace `overflow`; a namespace's share (namespace); or the part of a share that pods of one other namespace may use (peer), which is the one named. And values of tags that read overflow because there were too many others (tag_value)."),
    row("longwire_probe_expression_errors_total", Counter, &[], "Times a tag's expression had no value for a connection, for want of a label: the tag reads unknown."),
    row("longwire_probe_label_sets_expired_total", Counter, &["kind"], "Label sets removed: idle with a workload gone, or of a long connection that closed."),
    row("longwire_probe_operator_connected", Gauge, &[], "1 while the stream to the operator is up."),
    row("longwire_probe_operator_streams_total", Counter, &[], "Streams to the operator that were made."),
    row("longwire_probe_updates_total", Counter, &["result"], "Updates from the operator, by whether they were applied or refused."),
    row("longwire_probe_update_bytes_total", Counter, &[], "Bytes of the updates that were applied, before TLS."),
    row("longwire_probe_conntrack_errors_total", Counter, &[], "Questions to conntrack that failed."),
    row("longwire_probe_http_refused_total", Counter, &["listener", "reason"], "Connections of the two HTTP listeners that were refused, cut short or replaced, and scrapes answered with 503 because too many ran."),
    row("longwire_probe_out_of_descriptors_total", Counter, &["operation"], "What found no file descriptor left, and is tried again."),
    row("longwire_probe_saves_total", Counter, &["result"], "Times the state was saved to --state-dir, or could not be."),
    row("longwire_probe_save_seconds_total", Counter, &[], "Time spent saving."),
    row("longwire_probe_state_bytes", Gauge, &[], "Size of the state that was saved last."),
    row("longwire_probe_restart_losses", Gauge, &["kind"], "What a predecessor left and this probe could not go on with: its state, so that counters began at 0; live connections and those that waited for names, label sets, whose counters begin at 0, other items of the saved state, and bytes of unread records."),
    BUILD_INFO,
];
