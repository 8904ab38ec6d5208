//! Table of all measurements: names, units, targets, and descriptions. docs/performance.md quotes `FIGURES`, and docs/scale.md
//! quotes `SCALE`.

/// The target of a value, which the run checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
    Exactly(f64),
    /// Without a target: a comparison, or for information.
    None,
}

impl Target {
    pub(super) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Exactly(wanted) => (value - wanted).abs() < f64::EPSILON,
            Self::None => true,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) target: Target,
    /// What the reference is a measurement of.
    pub(super) reference: &'static str,
    /// One sentence or two for the page.
    pub(super) how: &'static str,
}

const fn row(
    name: &'static str,
    unit: &'static str,
    target: Target,
    reference: &'static str,
    how: &'static str,
) -> Row {
    Row { name, unit, target, reference, how }
}

const NO_WATCHER: &str = "no watcher";
const STOPPED: &str = "probe stopped";

const CRR: &str = "Connect, send 64 bytes each way, close, between two pods over veth pairs, one pair of threads a CPU. \
                   Processor time of the whole machine a connection, both ends and the watcher included, over the same \
                   without a watcher.";
const RR: &str = "Round trips of 64 bytes, one after the other on one connection a CPU: requests a second over the same \
                  without a watcher.";
const BULK: &str = "One stream as fast as it goes, at MTU 1500 with TSO, GSO and GRO off, so that every packet is one \
                    segment: bytes a second over the same without a watcher.";
const PASS: &str = "The kernel's part of a pass, by the probe's own metrics, over idle connections, as most are: one with traffic \
                    since the last pass takes longer, because all its counters are read. The reference is the time that \
                    `ss` takes for one dump of the same sockets, each time between two passes.";

const NO_LIVE: &str = "nobody watches";
const LIVE_MEMORY: &str = "10 simulated probes with streams of the real probe's client, and 10,000 connections between pods of their nodes, all of \
                    which move every second, reported by both ends. One client watches the live API's connections of all \
                    namespaces, as objects: resident memory of the operator more than before.";

#[rustfmt::skip]
pub(super) const FIGURES: [Row; 30] = [
    row("crr_cpu_ratio", "x", Target::AtMost(1.08), NO_WATCHER, CRR),
    row("crr_cpu_ratio_per_packet", "x", Target::None, NO_WATCHER,
        "The same with e2e/bpf/per_packet.bpf.c instead of the probe: cgroup_skb programs in both directions and one for \
         socket states, as in service meshes."),
    row("crr_cpu_ratio_logged", "x", Target::None, NO_WATCHER,
        "The same as crr_cpu_ratio, with an access log of every connection at both ends, written to /dev/null."),
    row("rr_rate_ratio", "x", Target::AtLeast(0.99), NO_WATCHER, RR),
    row("rr_rate_ratio_per_packet", "x", Target::None, NO_WATCHER, "The same with the per-packet programs."),
    row("bulk_rate_ratio", "x", Target::AtLeast(0.99), NO_WATCHER, BULK),
    row("bulk_rate_ratio_per_packet", "x", Target::None, NO_WATCHER, "The same with the per-packet programs."),
    row("ingest_samples_per_second", "M/s", Target::AtLeast(3.0), "prometheus crate: two counters by four labels",
        "100,000 tracked connections, each sample with new values, in random order, one thread. The reference does what a \
         simple exporter does with a sample: `with_label_values` and `inc_by` for bytes sent and received."),
    row("scrape_speedup", "x", Target::AtLeast(10.0), "prometheus crate: gather and TextEncoder",
        "Time of the `prometheus` crate for the lines of 10,000 long connections, 4 families of 29 labels, over the time to \
         render them; they are compared before. It differs between machines (12 on one, 75 on another), because the two sides \
         wait for different things. Ours copies 10 MB of finished label text four times, once a family, into small buffers: it \
         waits for memory, and is fast where that text fits into the last-level cache. The reference allocates and frees two \
         strings for each label of each line and grows one text of 40 MB: it waits for the allocator and for page faults. A \
         run's line has both in ns a line, a plain copy of the whole text beside them, and the reference's page faults."),
    row("log_lines_per_second", "M/s", Target::AtLeast(0.5), "serde_json: the same fields from a map",
        "Periodic lines of access logs of 10,000 connections in the format `json`, one thread: records that the pipeline has \
         made become text. Writing it is not included."),
    row("otlp_export_ratio", "x", Target::None, "the same series as text",
        "Time to encode 10,000 long connections, 40,000 series, as requests of OTLP, over the time to render them as the text of a \
         scrape, in one process, in turns. Neither is compressed or sent."),
    row("live_watch_mb", "MB", Target::AtMost(50.0), NO_LIVE, LIVE_MEMORY),
    row("live_watch_cpu_percent", "%", Target::AtMost(5.0), NO_LIVE,
        "The same: processor time of the operator more than without a watch, in percent of one CPU."),
    row("live_watch_20_mb", "MB", Target::None, NO_LIVE, "As live_watch_mb, with 20 such clients."),
    row("live_watch_20_cpu_percent", "%", Target::None, NO_LIVE, "As live_watch_cpu_percent, with 20 such clients."),
    row("live_watch_table_cpu_percent", "%", Target::None, NO_LIVE,
        "As live_watch_cpu_percent, with one client that watches tables, as kubectl does."),
    row("live_edges_begin_ms", "ms", Target::None, "the same list again",
        "The time of a list of edges of one more namespace, for which all 10,000 connections are looked at anew."),
    row("ingest_stall_ms", "ms", Target::AtMost(5.0), "no scrape",
        "The longest time that the sampler waited for the pipeline's lock, batch by batch of 1,024 samples of 100,000 connections, \
         while scrapes of 10,000 long connections ran one after the other in slices of 64 KiB."),
    row("kernel_pass_ns_per_socket_20k", "ns", Target::AtMost(1_000.0), "`ss -tinH state established`", PASS),
    row("kernel_pass_ns_per_socket_100k", "ns", Target::AtMost(1_000.0), "`ss -tinH state established`", PASS),
    row("sampler_stall_ms", "ms", Target::AtMost(5.0), STOPPED,
        "100,000 sockets, a pass each second. On each CPU a real-time thread (SCHED_FIFO) sleeps 200 us at a time: the \
         latest that it woke in a round; the reference is the same with the probe stopped by SIGSTOP."),
    row("rr_p999_us", "us", Target::None, STOPPED,
        "The 99.9th percentile of the round-trip time of 64 bytes on four connections, beside a pass over 100,000 sockets \
         each second; the reference is the same with the probe stopped by SIGSTOP."),
    row("rr_p999_ratio", "x", Target::AtMost(1.5), STOPPED, "`rr_p999_us` over its reference: the median of the rounds' ratios."),
    row("rss_idle_mb", "MB", Target::AtMost(25.0), "-",
        "Resident memory of a probe on a node of ten idle pods, 15 s after it was ready."),
    row("memory_100k_mb", "MB", Target::AtMost(160.0), "the same probe before, idle",
        "50,000 connections between pods of the node, both ends tracked, to 1,000 peer addresses, each with a pod of its own: \
         resident memory and that of the probe's BPF maps."),
    row("memory_100k_scrape_peak_mb", "MB", Target::AtMost(160.0), "the same probe before, idle",
        "The highest of the same during three compressed scrapes, read every 5 ms."),
    row("memory_1m_mb", "MB", Target::AtMost(500.0), "the same probe before, idle",
        "As memory_100k_mb with 500,000 connections, 1,000,000 followed ends, and `--max-connections 1048576`; on request only: \
         `make bench BENCH=million`. A machine without room for as many has fewer, and the line says how many and why."),
    row("pass_1m_kernel_ms", "ms", Target::AtMost(1_000.0), "`ss -tinH state established`",
        "The kernel's part of one pass over them, the mean of three or more, and one dump of the same sockets."),
    row("pass_linearity", "x", Target::AtMost(1.25), "20,000 sockets",
        "The time a socket of a pass over 100,000 sockets, divided by that over 20,000: 1 is linear."),
    row("rr_cpu_ratio", "x", Target::None, NO_WATCHER, "Processor time of the whole machine a request, as for rr_rate_ratio."),
];

/// A row of `make scale`.
const fn scale(name: &'static str, unit: &'static str, target: Target, how: &'static str) -> Row {
    row(name, unit, target, "-", how)
}

const CUT: &str =
    "From SIGKILL of the leader until every probe has a new stream and has received over it what it lacked.";
const BYTES: &str =
    "Bytes that all probes together received over the new streams, before TLS: nothing of what they had.";
const LISTS: &str = "LISTs by Longwire until the killed replica had restarted, by the audit log, except for that replica's own \
                     certificate by name.";
const ANEW: &str = "Watches meanwhile that made the other replica list all objects again.";
const BACK: &str = "From the kill until the kubelet had restarted the killed replica and it had listed all objects.";

#[rustfmt::skip]
pub(super) const SCALE: [Row; 23] = [
    scale("pods", "", Target::None, "Pods that each replica knows: ten of a workload, and those of the system."),
    scale("services", "", Target::None,
        "Services that each replica knows, with the EndpointSlices that the real controller writes."),
    scale("index_lag_s", "s", Target::AtMost(5.0),
        "From the API server's event that the last pod runs until both replicas know all pods and Services."),
    scale("peers_500_mb", "MB", Target::AtMost(2.0),
        "Memory that a probe allocates for connections of a pod of its node to each of 500 pods whose owners the operator has \
         sent: identities, requested addresses, connections and label sets; not the series of single connections, which have \
         a budget of their own."),
    scale("first_streams_s", "s", Target::None,
        "Until all probes, started at once, are admitted, by tokens that the API server verifies, and know the pods of their \
         nodes."),
    scale("watches_few_streams", "", Target::None,
        "Watches that each replica has open, one of each kind, by the audit log: with the streams of two probes"),
    scale("watches_all_streams", "", Target::None,
        "The same with the streams of all probes; a run in which they differ fails."),
    scale("change_median_ms", "ms", Target::None,
        "From the API server's answer to the edit of a pod's label until the probe of its node has applied it, over 50 edits, \
         with the streams of all probes"),
    scale("change_worst_ms", "ms", Target::AtMost(1_000.0), "The longest of them."),
    scale("estimate_s", "s", Target::AtMost(5.0),
        "The longest of five estimates, through the API server, of a label for the connections of all pods: the operator compiles \
         the cluster anew, and each probe relabels its connections."),
    scale("operator_mb", "MB", Target::AtMost(400.0),
        "Peak resident memory of either replica, with all streams open: VmHWM."),
    scale("cut_s", "s", Target::AtMost(10.0), CUT),
    scale("cut_bytes", "bytes", Target::None, BYTES),
    scale("cut_lists", "", Target::Exactly(0.0), LISTS),
    scale("cut_watches_anew", "", Target::Exactly(0.0), ANEW),
    scale("restart_index_s", "s", Target::None, BACK),
    scale("operator_once_killed_mb", "MB", Target::AtMost(400.0),
        "The same after the first leader was killed and had restarted."),
    scale("second_cut_s", "s", Target::AtMost(10.0), CUT),
    scale("second_cut_bytes", "bytes", Target::None, BYTES),
    scale("second_cut_lists", "", Target::Exactly(0.0), LISTS),
    scale("second_cut_watches_anew", "", Target::Exactly(0.0), ANEW),
    scale("second_restart_index_s", "s", Target::None, BACK),
    scale("operator_twice_killed_mb", "MB", Target::AtMost(400.0), "The same after both had been killed and had restarted."),
];

/// The row of this measurement.
pub(super) fn row_of(name: &str) -> Option<&'static Row> {
    FIGURES.iter().chain(&SCALE).find(|row| row.name == name)
}
