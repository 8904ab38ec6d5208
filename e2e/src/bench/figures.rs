//! Table of measurements: names, units, targets, and descriptions.

/// The target of a value, which the run checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Without a target: a comparison, or for information.
    None,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) target: Target,
    /// What the reference is a measurement of.
    pub(super) reference: &'static str,
    /// One sentence or two for docs/performance.md.
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

#[rustfmt::skip]
pub(super) const FIGURES: [Row; 18] = [
    row("crr_cpu_ratio", "x", Target::AtMost(1.08), NO_WATCHER, CRR),
    row("crr_cpu_ratio_per_packet", "x", Target::None, NO_WATCHER,
        "The same with e2e/bpf/per_packet.bpf.c instead of the probe: cgroup_skb programs in both directions and one for \
         socket states, as in service meshes."),
    row("rr_rate_ratio", "x", Target::AtLeast(0.99), NO_WATCHER, RR),
    row("rr_rate_ratio_per_packet", "x", Target::None, NO_WATCHER, "The same with the per-packet programs."),
    row("bulk_rate_ratio", "x", Target::AtLeast(0.99), NO_WATCHER, BULK),
    row("bulk_rate_ratio_per_packet", "x", Target::None, NO_WATCHER, "The same with the per-packet programs."),
    row("ingest_samples_per_second", "M/s", Target::AtLeast(3.0), "prometheus crate: two counters by four labels",
        "100,000 tracked connections, each sample with new values, in random order, one thread. The reference does what a \
         simple exporter does with a sample: `with_label_values` and `inc_by` for bytes sent and received."),
    row("scrape_speedup", "x", Target::AtLeast(10.0), "prometheus crate: gather and TextEncoder",
        "Time to render 10,000 long connections, 4 families of 29 labels, over that of the `prometheus` crate for the same \
         lines; they are compared before."),
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
    row("rss_idle_mb", "MB", Target::AtMost(25.0), "-",
        "Resident memory of a probe on a node of ten idle pods, 15 s after it was ready."),
    row("memory_100k_mb", "MB", Target::AtMost(160.0), "the same probe before, idle",
        "50,000 connections between pods of the node, both ends tracked, to 1,000 peer addresses, each with a pod of its own: \
         resident memory and that of the probe's BPF maps."),
    row("memory_100k_scrape_peak_mb", "MB", Target::AtMost(160.0), "the same probe before, idle",
        "The highest of the same during three compressed scrapes, read every 5 ms."),
    row("pass_linearity", "x", Target::AtMost(1.25), "20,000 sockets",
        "The time a socket of a pass over 100,000 sockets, divided by that over 20,000: 1 is linear."),
    row("rr_cpu_ratio", "x", Target::None, NO_WATCHER, "Processor time of the whole machine a request, as for rr_rate_ratio."),
];

/// The row of this measurement.
pub(super) fn row_of(name: &str) -> Option<&'static Row> {
    FIGURES.iter().find(|row| row.name == name)
}
