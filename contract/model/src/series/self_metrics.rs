//! Self-metrics of the probe: the rows of their table.

use super::SelfKind::{Counter, Gauge, Histogram};
use super::{SelfKind, SelfMetric};

const fn row(name: &'static str, kind: SelfKind, labels: &'static [&'static str], help: &'static str) -> SelfMetric {
    SelfMetric { name, kind, help, labels }
}

/// For every component.
pub(super) const BUILD_INFO: SelfMetric = row(
    "longwire_build_info",
    Gauge,
    &["component", "version", "commit", "build"],
    "Always 1; its labels are the component, its version, the commit that it was built from and that commit's time.",
);

#[rustfmt::skip]
pub const PROBE_LOOP_DURATION: SelfMetric = row("longwire_probe_loop_duration_seconds", Histogram, &["loop"], "Duration of the turns of a loop of the probe: from when it wakes until it waits again.");
#[rustfmt::skip]
pub const PROBE_LOOP_DELAY: SelfMetric = row("longwire_probe_loop_delay_seconds", Histogram, &["loop"], "Delay with which a clock wakes a loop of the probe: time from when its turn was due until it began.");

#[rustfmt::skip]
pub const SELF_METRICS: [SelfMetric; 62] = [
    row("longwire_probe_kernel_losses_total", Counter, &["kind"], "Connections and ends of connections that were lost, because the BPF maps had no room. It should stay at 0."),
    row("longwire_probe_kernel_exceptions_total", Counter, &["kind"], "Events that the BPF programs handled in another way than usual: later, without a detail, or not at all because no probe ran."),
    row("longwire_probe_recursion_misses_total", Counter, &["program"], "Times that the kernel skipped a BPF program because it would have interrupted itself."),
    row("longwire_probe_passes_total", Counter, &[], "Passes over the node's live connections, each of which samples all of them."),
    row("longwire_probe_passes_cut_total", Counter, &[], "Passes that ended before every live connection was sampled."),
    row("longwire_probe_pass_seconds_total", Counter, &[], "Time spent in passes over live connections, with the processing of their samples."),
    row("longwire_probe_pass_kernel_seconds_total", Counter, &[], "Time that passes over live connections spent in the kernel."),
    row("longwire_probe_pass_delay_seconds_total", Counter, &[], "Delay of passes over live connections: time from when each was due until it began."),
    row("longwire_probe_passes_delayed_total", Counter, &[], "Passes over live connections that began more than an interval after they were due."),
    row("longwire_probe_records_total", Counter, &[], "Records of connections that the probe read from the kernel's ring buffer."),
    row("longwire_probe_samples_total", Counter, &[], "Samples of live connections that the probe took."),
    row("longwire_probe_records_skipped_total", Counter, &["reason"], "Records and samples of connections that changed no metric."),
    row("longwire_probe_decreases_clamped_total", Counter, &[], "Readings of a connection in which a kernel counter was lower than before; the higher value is kept."),
    row("longwire_probe_connections", Gauge, &[], "Live connections that the probe tracks now."),
    row("longwire_probe_connections_waiting", Gauge, &[], "Connections that wait now until the workloads at their ends are known."),
    row("longwire_probe_connections_untracked_total", Counter, &[], "Live connections beyond --max-connections, which are counted only when they close."),
    row("longwire_probe_connections_ignored_total", Counter, &["reason"], "Connections that are not reported."),
    row("longwire_probe_closes_lost_total", Counter, &[], "Connections that ended without a record of their end; they are counted as closed with their last sample. It should stay at 0."),
    row("longwire_probe_connections_without_histograms_total", Counter, &[], "Connections that ended while the ring buffer was full: their bytes and ends are counted, and their durations are not."),
    row("longwire_probe_connections_unresolved_total", Counter, &["reason"], "Connections of which one end is reported as unknown."),
    row("longwire_probe_table_evictions_total", Counter, &["table"], "Entries that a full table of the probe evicted for others."),
    row("longwire_probe_table_entries", Gauge, &["table"], "Entries of a table of the probe now."),
    row("longwire_probe_label_sets", Gauge, &["kind"], "Label sets in a scrape now."),
    row("longwire_probe_series", Gauge, &["kind"], "Series about connections in a scrape now."),
    row("longwire_probe_series_charged", Gauge, &[], "Series of edges, workloads and clusters that count against --max-series now: those in a scrape, and the maximum of the overflow series."),
    row("longwire_probe_label_set_bytes", Gauge, &[], "Memory that label sets are charged for now, by the length of their labels, including the saved state."),
    row("longwire_probe_label_set_bytes_limit", Gauge, &[], "Memory that label sets may be charged for."),
    row("longwire_probe_overflowed_total", Counter, &["kind", "namespace"], "Connections that were counted in an overflow series because a budget was full, and values of tags that were replaced by overflow. The label namespace is the one whose share was full, or overflow for the node's own budgets."),
    row("longwire_probe_expression_errors_total", Counter, &[], "Times that a tag's expression had no value for a connection because a pod lacks the label that it reads; the tag is unknown."),
    row("longwire_probe_access_log_lines_total", Counter, &[], "Lines of access logs that the probe made."),
    row("longwire_probe_access_log_lines_dropped_total", Counter, &["reason"], "Lines of access logs that were chosen and left out: beyond the rate of the pod or the node, because lines are written too slowly, or because they could not be written."),
    row("longwire_probe_access_log_filter_errors_total", Counter, &[], "Times that the filter of an access log was neither true nor false because a pod lacks the label that it reads; the line is left out."),
    row("longwire_probe_export_requests_total", Counter, &["exporter", "signal", "result"], "Requests of OTLP and packets of statsd, by how they ended. An exporter is named as in the configuration."),
    row("longwire_probe_export_retries_total", Counter, &["exporter", "signal"], "Requests of OTLP that were sent once more, because the receiver did not answer or asked for it."),
    row("longwire_probe_export_rejected_total", Counter, &["exporter", "signal"], "Data points and log records that a receiver did not take of requests that it accepted in part. They are not sent again."),
    row("longwire_probe_export_dropped_log_records_total", Counter, &["exporter", "reason"], "Lines of access logs that an exporter of logs has lost."),
    row("longwire_probe_export_dropped_lines_total", Counter, &["exporter", "reason"], "Lines of statsd that were left out."),
    row("longwire_probe_label_sets_expired_total", Counter, &["kind"], "Label sets that were removed: idle ones of a workload that is gone or of tags that are not used any more, and those of long connections that ended."),
    row("longwire_probe_operator_connected", Gauge, &[], "1 while the probe has a stream to the operator, else 0."),
    row("longwire_probe_operator_streams_total", Counter, &[], "Streams that the probe has opened to the operator."),
    row("longwire_probe_updates_total", Counter, &["result"], "Updates of the configuration that the probe received from the operator."),
    row("longwire_probe_update_bytes_total", Counter, &[], "Bytes of the updates that the probe applied, before TLS."),
    row("longwire_probe_live_watched", Gauge, &[], "1 while somebody watches this node's live connections, else 0."),
    row("longwire_probe_live_updates_total", Counter, &[], "Updates for live views that the probe sent to the operator: connections that opened or moved, and ends of connections."),
    row("longwire_probe_live_missed_total", Counter, &[], "Updates for live views that were left out, because more came than were read. Live views have the newest values nevertheless, but may lack connections that have ended."),
    row("longwire_probe_live_ended", Gauge, &[], "Ended connections that the probe keeps for live views now, at most --live-history."),
    row("longwire_probe_address_observations_withheld_total", Counter, &[], "Observed addresses of pods that the probe withheld from the operator, because another running pod of the node has the address. It checks them again each second for a minute."),
    row("longwire_probe_queue_full_total", Counter, &["queue"], "Queries and reports that the sampling thread could not pass to another thread, because its queue was full. They are sent later."),
    row("longwire_probe_conntrack_errors_total", Counter, &[], "Queries to the kernel's connection tracking that failed."),
    row("longwire_probe_conntrack_searches_total", Counter, &["result"], "Searches of the whole connection tracking table for a connection in an unknown zone. They take at most a hundredth of one CPU's time."),
    row("longwire_probe_http_refused_total", Counter, &["listener", "reason"], "HTTP connections to the probe that were refused, cut short or replaced, and scrapes that were answered with 503 because too many ran."),
    row("longwire_probe_scrape_authorizations_total", Counter, &["outcome"], "Requests for the probe's metrics, with --metrics-auth, by whether the reader was authorized."),
    row("longwire_probe_out_of_descriptors_total", Counter, &["operation"], "Operations that found no free file descriptor; they are tried again."),
    row("longwire_probe_saves_total", Counter, &["result"], "Times that the probe saved its state to --state-dir."),
    row("longwire_probe_save_seconds_total", Counter, &[], "Time spent saving the state."),
    row("longwire_probe_state_bytes", Gauge, &[], "Size of the state that was saved last."),
    row("longwire_probe_restart_losses", Gauge, &["kind"], "Items of the previous probe that this probe could not continue. It should be 0."),
    row("longwire_probe_watchdog_misses_total", Counter, &["loop"], "Times that a loop of the probe woke 200 ms too late or later, or worked for so long without a step. A turn that still lasts counts."),
    row("longwire_probe_watchdog_mega_misses_total", Counter, &["loop"], "Times that a loop of the probe woke 1 s too late or later, or worked for so long without a step. They count as misses, too."),
    PROBE_LOOP_DURATION,
    PROBE_LOOP_DELAY,
    BUILD_INFO,
];
