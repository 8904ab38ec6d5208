//! Longwire itself: whether its metrics are reliable, and its cost.

use super::once;
use super::{Dashboard, Panel, Row, Unit, Variable};

const UID: &str = "longwire-itself";

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: UID,
        title: "Longwire / Longwire itself",
        description: "Whether the metrics of the other dashboards are complete: lost events, overflow series, lag, and resource usage.",
        variables: vec![Variable::many("instance", "Probe", "longwire_build_info{component=\"probe\"}", "instance")],
        rows: vec![
            Row { title: "Now", panels: now() },
            Row { title: "Loss: every line should be at 0", panels: loss() },
            Row { title: "Budgets", panels: budgets() },
            Row { title: "Ignored, unnamed, handled in another way: no loss", panels: by_design() },
            Row { title: "Lag and cost", panels: lag() },
            Row { title: "Configuration", panels: configuration() },
        ],
    }
}

/// The chosen instances.
const CHOSEN: &str = "instance=~\"$instance\"";
/// A metric of the chosen probes.
fn of(metric: &str) -> String {
    format!("{metric}{{{CHOSEN}}}")
}

/// With these labels too.
fn with(select: &str) -> String {
    format!("{select},{CHOSEN}")
}

/// The chosen probes: 1 each.
fn of_probes() -> String {
    format!("longwire_build_info{{component=\"probe\",{CHOSEN}}}")
}

fn rate(metric: &str, select: &str) -> String {
    format!("sum({})", once::rate(metric, select))
}

/// One line for each value of a label, at most ten: those with the most events in the shown range.
fn counted(metric: &str, by: &str, select: &str) -> String {
    once::top_counted(&[by], metric, select)
}

/// A gauge by a label, the highest ten.
fn gauge(metric: &str, by: &str, select: &str) -> String {
    let by = [by];
    once::top(&by, &once::sum(&by, &format!("{metric}{{{select}}}")), &once::highest(&by, metric, select))
}

fn now() -> Vec<Panel> {
    vec![
        Panel::figure("Probes", Unit::Count, "Probes that answer to Prometheus. There should be one on each node.")
            .query("", format!("count({})", of_probes())),
        Panel::figure(
            "Connected probes",
            Unit::Count,
            "Probes that are connected to the operator. The others keep their configuration.",
        )
        .query("", format!("sum({})", of("longwire_probe_operator_connected"))),
        Panel::figure(
            "Leading operators",
            Unit::Count,
            "Replicas of the operator that hold the Lease and serve probes. It should be one.",
        )
        .query("", "sum(longwire_operator_role{role=\"leader\"})".to_owned()),
        Panel::figure(
            "Probes behind",
            Unit::Count,
            "Probes that have not yet acknowledged an update. Above 0 for long: some node's configuration is old.",
        )
        .query("", "sum(longwire_operator_streams_behind)".to_owned())
        .bounds(1.0, 10.0),
        Panel::figure("Tracked connections", Unit::Count, "Connections that the probes track now.")
            .query("", format!("sum({})", of("longwire_probe_connections"))),
        Panel::figure("Series", Unit::Count, "Series about connections in a scrape of all probes.")
            .query("", format!("sum({})", of("longwire_probe_series"))),
    ]
}

fn loss() -> Vec<Panel> {
    vec![
        Panel::lines("Lost in the kernel", Unit::PerSecond, "Connections and ends of connections that were lost because the BPF maps had no room, by the kind. docs/metrics.md explains each kind.")
            .query("{{place}}. {{kind}}", counted("longwire_probe_kernel_losses_total", "kind", CHOSEN)),
        Panel::lines("Lost in the probe", Unit::PerSecond, "Connections that waited too long for a name and were dropped, connections whose end was not seen, and invalid records of the BPF programs.")
            .query("dropped", rate("longwire_probe_connections_ignored_total", &with("reason=\"dropped\"")))
            .query("end not seen", rate("longwire_probe_closes_lost_total", CHOSEN))
            .query("invalid records", rate("longwire_probe_records_skipped_total", &with("reason=~\"invalid_.*\""))),
    ]
}

fn budgets() -> Vec<Panel> {
    vec![
        Panel::lines("Series charged by probe", Unit::Count, "Series that count against --max-series; when it is reached, new label sets are counted in the overflow series. The ten probes with the most.")
            .query("{{place}}. {{instance}}", gauge("longwire_probe_series_charged", "instance", CHOSEN)),
        Panel::lines("Label sets by kind", Unit::Count, "Label sets in a scrape now, by the kind: edges, workloads, long connections, clusters.")
            .query("{{place}}. {{kind}}", gauge("longwire_probe_label_sets", "kind", CHOSEN)),
        Panel::lines("Counted in overflow series", Unit::PerSecond, "Connections that are counted in an overflow series, by the budget that is full. Sums stay exact; these connections have no names.")
            .query("{{place}}. {{kind}}", counted("longwire_probe_overflowed_total", "kind", CHOSEN))
            .bounds(0.01, 1.0),
        Panel::lines("Beyond the limits", Unit::PerSecond, "Connections beyond --max-connections, which are counted when they close, and passes that ended before every connection was sampled.")
            .query("connections", rate("longwire_probe_connections_untracked_total", CHOSEN))
            .query("passes cut", rate("longwire_probe_passes_cut_total", CHOSEN)),
        Panel::lines("Entries of tables", Unit::Count, "Entries of the probes' tables now.")
            .query("{{place}}. {{table}}", gauge("longwire_probe_table_entries", "table", CHOSEN)),
        Panel::lines("Evicted from full tables", Unit::PerSecond, "Entries that were evicted from a full table for others.")
            .query("{{place}}. {{table}}", counted("longwire_probe_table_evictions_total", "table", CHOSEN)),
    ]
}

fn by_design() -> Vec<Panel> {
    vec![
        Panel::lines("Ignored connections", Unit::PerSecond, "Connections that are not reported, by the reason: `host` is of the node's own processes, `local_leg` inside one pod, `foreign` of a pod of another node.")
            .query("{{place}}. {{reason}}", counted("longwire_probe_connections_ignored_total", "reason", &with("reason!=\"dropped\""))),
        Panel::lines("Connections with an unknown end", Unit::PerSecond, "Connections one end of which is `unknown`, by the reason. `outside` is a client outside the cluster.")
            .query("{{place}}. {{reason}}", counted("longwire_probe_connections_unresolved_total", "reason", CHOSEN)),
        Panel::lines("Exceptions in the kernel", Unit::PerSecond, "Events that the BPF programs handled in another way than usual, by the kind: later, or without a detail. docs/metrics.md explains each kind.")
            .query("{{place}}. {{kind}}", counted("longwire_probe_kernel_exceptions_total", "kind", CHOSEN)),
        Panel::lines("Records without effect", Unit::PerSecond, "Records and samples that change nothing, by the reason: most are of connections that have ended or are not reported.")
            .query("{{place}}. {{reason}}", counted("longwire_probe_records_skipped_total", "reason", &with("reason!~\"invalid_.*\""))),
        Panel::lines("BPF programs skipped", Unit::PerSecond, "Times that the kernel skipped a program because it would have interrupted itself. What it missed is counted by the next pass.")
            .query("{{place}}. {{program}}", counted("longwire_probe_recursion_misses_total", "program", CHOSEN)),
    ]
}

fn lag() -> Vec<Panel> {
    let instance = ["instance"];
    let by_instance = |metric: &str| once::sum(&instance, &once::rate(metric, CHOSEN));
    let busiest = |metric: &str| once::busiest(&instance, &[metric], CHOSEN);
    let passes = format!(
        "{} / {}",
        by_instance("longwire_probe_pass_seconds_total"),
        by_instance("longwire_probe_passes_total")
    );
    // Operators are shown beside the chosen probes. The ranking uses the end of the range only, or ranks would change.
    let programs = |of: &str, at: &str| {
        let operators = "longwire_build_info{component=\"operator\"}";
        format!("{of} * on (job, instance) group_left (component) ({}{at} or {operators}{at})", of_probes())
    };
    let program = ["component", "instance"];
    let cost = |of: &str, at_the_end: &str| {
        let [all, rank] = [programs(of, ""), programs(at_the_end, " @ end()")];
        once::top(&program, &once::sum(&program, &all), &once::sum(&program, &rank))
    };
    vec![
        Panel::lines("Duration of a pass by probe", Unit::Seconds, "How long a probe takes to sample all live connections, on average. It should stay well below the reporting interval. The ten probes that spend the most time.")
            .query("{{place}}. {{instance}}", once::top(&instance, &passes, &busiest("longwire_probe_pass_seconds_total")))
            .up_to(0.1),
        Panel::lines("Connections waiting for names by probe", Unit::Count, "Connections that wait until the workload of an address is known. The ten probes with the most.")
            .query("{{place}}. {{instance}}", gauge("longwire_probe_connections_waiting", "instance", CHOSEN)),
        Panel::lines("Memory", Unit::Bytes, "Resident memory of probes and operators, the ten with the most.")
            .query("{{place}}. {{component}} {{instance}}", cost("process_resident_memory_bytes", "process_resident_memory_bytes @ end()"))
            .up_to(134_217_728.0),
        Panel::lines("CPU", Unit::Share, "CPU time of probes and operators, as a share of one CPU: the ten with the most.")
            .query("{{place}}. {{component}} {{instance}}", cost("rate(process_cpu_seconds_total[$__rate_interval])", "rate(process_cpu_seconds_total[$__rate_interval] @ end())"))
            .up_to(0.1),
        Panel::lines("Time spent saving by probe", Unit::Share, "The share of time in which a probe saves its state. The ten probes with the most.")
            .query("{{place}}. {{instance}}", once::top(&instance, &by_instance("longwire_probe_save_seconds_total"), &busiest("longwire_probe_save_seconds_total"))),
    ]
}

fn configuration() -> Vec<Panel> {
    let operator = |metric: &str| format!("sum(rate({metric}[$__rate_interval]))");
    let objects = "longwire_operator_objects";
    vec![
        Panel::lines("Updates", Unit::PerSecond, "Updates that the operator sent, that probes applied, and that they refused. A refused one is in the operator's log with its reason.")
            .query("sent", operator("longwire_operator_updates_total"))
            .query("applied", operator("longwire_operator_acks_total"))
            .query("refused", operator("longwire_operator_nacks_total")),
        Panel::lines("Time until an update is applied", Unit::Seconds, "How long probes took to acknowledge an update, on average.")
            .query("average", format!("{} / ({} > 0)", operator("longwire_operator_ack_seconds_total"), operator("longwire_operator_acks_total")))
            .measured()
            .up_to(1.0),
        Panel::lines("Objects by kind", Unit::Count, "Objects of the cluster that the operator knows.")
            .query("{{place}}. {{kind}}", once::top(&["kind"], &format!("max by (kind) ({objects})"), &format!("max by (kind) ({objects} @ end())"))),
        Panel::lines("Streams refused", Unit::PerSecond, "Streams of probes that the operator refused, by the reason.")
            .query("{{place}}. {{reason}}", counted("longwire_operator_streams_refused_total", "reason", "")),
        Panel::lines("TLS handshakes refused", Unit::PerSecond, "Connections that ended before they had an admitted stream, by the reason.")
            .query("{{place}}. {{reason}}", counted("longwire_operator_handshakes_refused_total", "reason", "")),
        Panel::lines("Certificate validity", Unit::Seconds, "How long the operator's certificates are still valid. They are renewed in time; a line that nears 0 is an error.")
            .query("authority", "min(longwire_operator_certificate_expiry_timestamp_seconds{certificate=\"authority\"}) - time()".to_owned())
            .query("leaf", "min(longwire_operator_certificate_expiry_timestamp_seconds{certificate=\"leaf\"}) - time()".to_owned())
            .measured()
            .up_to(86_400.0),
    ]
}
