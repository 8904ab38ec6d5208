//! Longwire itself: whether its figures can be believed, and what they cost.

use super::{Dashboard, Panel, Row, Unit, Variable};

const UID: &str = "longwire-itself";

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: UID,
        title: "Longwire / Longwire itself",
        description: "Whether the figures of the other dashboards can be believed: what was lost, what was folded, how far behind everything is, and what it costs.",
        variables: vec![Variable::many("instance", "Probe", "longwire_build_info{component=\"probe\"}", "instance")],
        rows: vec![
            Row { title: "Now", panels: now() },
            Row { title: "Loss: every line should be at 0", panels: loss() },
            Row { title: "Budgets", panels: budgets() },
            Row { title: "Lag and cost", panels: lag() },
            Row { title: "Configuration", panels: configuration() },
        ],
    }
}

/// Of the chosen probes.
fn of(metric: &str) -> String {
    format!("{metric}{{instance=~\"$instance\"}}")
}

/// The chosen probes themselves: 1 each.
fn of_probes() -> String {
    "longwire_build_info{component=\"probe\", instance=~\"$instance\"}".to_owned()
}

fn sum_by(label: &str, metric: &str) -> String {
    format!("sum by ({label}) ({})", of(metric))
}

fn rate_by(label: &str, metric: &str) -> String {
    format!("sum by ({label}) (rate({}[$__rate_interval]))", of(metric))
}

fn rate(metric: &str) -> String {
    format!("sum(rate({}[$__rate_interval]))", of(metric))
}

fn now() -> Vec<Panel> {
    vec![
        Panel::figure("Probes", Unit::Count, "Probes that answer to Prometheus. There should be one on each node.")
            .query("", format!("count({})", of_probes())),
        Panel::figure("Connected probes", Unit::Count, "Probes that are connected to the operator. The others go on with what they know.")
            .query("", format!("sum({})", of("longwire_probe_operator_connected"))),
        Panel::figure("Operators that lead", Unit::Count, "Replicas of the operator that hold the Lease and serve probes. It should be one.")
            .query("", "sum(longwire_operator_role{role=\"holder\"})".to_owned()),
        Panel::figure("Probes behind", Unit::Count, "Probes that were told of a change and have not yet confirmed it. Above 0 for long: some node's configuration is old.")
            .query("", "sum(longwire_operator_streams_behind)".to_owned())
            .bounds(1.0, 10.0),
        Panel::figure("Connections watched", Unit::Count, "Connections that the probes know at this moment.")
            .query("", format!("sum({})", of("longwire_probe_connections"))),
        Panel::figure("Series", Unit::Count, "Series about connections that a scrape of all probes brings.")
            .query("", format!("sum({})", of("longwire_probe_series"))),
    ]
}

fn loss() -> Vec<Panel> {
    vec![
        Panel::lines("In the kernel", Unit::PerSecond, "What the kernel side could not do, or did the long way round. What is kept, folded, deferred or recovered loses no bytes; docs/runbooks/LongwireEventsLost.md has them all.")
            .query("{{kind}}", rate_by("kind", "longwire_probe_kernel_losses_total"))
            .query("skipped {{program}}", rate_by("program", "longwire_probe_recursion_misses_total")),
        Panel::lines("In the probe", Unit::PerSecond, "Records that changed nothing by the reason, and connections whose end nobody saw.")
            .query("{{reason}}", rate_by("reason", "longwire_probe_skipped_total"))
            .query("end not seen", rate("longwire_probe_closes_lost_total")),
        Panel::lines("Without a name", Unit::PerSecond, "Connections one end of which reads `unknown`, by the reason. `outside` is a client outside the cluster, and no fault.")
            .query("{{reason}}", rate_by("reason", "longwire_probe_unknown_total")),
        Panel::lines("Not reported", Unit::PerSecond, "Connections that are seen and not reported: of the node's own processes, inside one pod, of other nodes; `dropped` is a loss.")
            .query("{{reason}}", rate_by("reason", "longwire_probe_connections_ignored_total")),
    ]
}

fn budgets() -> Vec<Panel> {
    vec![
        Panel::lines("Series charged", Unit::Count, "Series that the label sets may grow to, for each probe. They are bounded by --max-series; beyond it label sets fold into `overflow`.")
            .query("{{instance}}", sum_by("instance", "longwire_probe_series_charged")),
        Panel::lines("Label sets", Unit::Count, "Different label sets that are shown now, by what they are about.")
            .query("{{kind}}", sum_by("kind", "longwire_probe_label_sets")),
        Panel::lines("Folded into overflow", Unit::PerSecond, "Connections that found no room for a label set of their own, by whose room was full. Their counts are in `overflow`: sums stay right, names are lost.")
            .query("{{kind}}", rate_by("kind", "longwire_probe_overflowed_total"))
            .bounds(0.01, 1.0),
        Panel::lines("Tables", Unit::Count, "Entries of the probes' tables now, and what fell out of a full one each second.")
            .query("{{table}}", sum_by("table", "longwire_probe_entries"))
            .query("evicted: {{table}}", rate_by("table", "longwire_probe_evicted_total")),
        Panel::lines("Beyond the limit", Unit::PerSecond, "Connections beyond --max-connections, which are counted when they close, and passes that ended before every connection was looked at.")
            .query("connections", rate("longwire_probe_connections_refused_total"))
            .query("passes cut", rate("longwire_probe_passes_cut_total")),
    ]
}

fn lag() -> Vec<Panel> {
    let per = |seconds: &str, count: &str| format!("{} / {}", rate_by("instance", seconds), rate_by("instance", count));
    let memory = |ours: &str| format!("process_resident_memory_bytes and on (job, instance) {ours}");
    let processor =
        |ours: &str| format!("rate(process_cpu_seconds_total[$__rate_interval]) and on (job, instance) {ours}");
    let operators = "longwire_build_info{component=\"operator\"}";
    vec![
        Panel::lines("Time of a pass", Unit::Seconds, "How long a probe takes to look at all living connections. It should stay well below the reporting interval.")
            .query("{{instance}}", per("longwire_probe_pass_seconds_total", "longwire_probe_passes_total")),
        Panel::lines("Waiting for names", Unit::Count, "Connections whose counts wait to be told who stands behind an address.")
            .query("{{instance}}", sum_by("instance", "longwire_probe_connections_waiting")),
        Panel::lines("Saving", Unit::Share, "The share of time in which each probe saves its state.")
            .query("{{instance}}", rate_by("instance", "longwire_probe_save_seconds_total")),
        Panel::lines("Memory", Unit::Bytes, "Memory of each probe and operator.")
            .query("{{instance}}", memory(&of_probes()))
            .query("operator {{instance}}", memory(operators)),
        Panel::lines("Processor", Unit::Share, "Processor time of each probe and operator, of one processor.")
            .query("{{instance}}", processor(&of_probes()))
            .query("operator {{instance}}", processor(operators)),
    ]
}

fn configuration() -> Vec<Panel> {
    let operator = |metric: &str| format!("sum(rate({metric}[$__rate_interval]))");
    vec![
        Panel::lines("Updates", Unit::PerSecond, "Updates that the operator sent, that probes applied, and that they refused. A refused one is in the operator's log with its reason.")
            .query("sent", operator("longwire_operator_updates_total"))
            .query("applied", operator("longwire_operator_acks_total"))
            .query("refused", operator("longwire_operator_nacks_total")),
        Panel::lines("Time behind", Unit::Seconds, "How long probes took to confirm a change, on average.")
            .query("average", format!("{} / ({} > 0)", operator("longwire_operator_ack_seconds_total"), operator("longwire_operator_acks_total"))),
        Panel::lines("Objects", Unit::Count, "Objects of the cluster that the operator knows, by kind.")
            .query("{{kind}}", "max by (kind) (longwire_operator_objects)".to_owned()),
        Panel::lines("Streams refused", Unit::PerSecond, "Probes that the operator turned away, by the reason.")
            .query("{{reason}}", "sum by (reason) (rate(longwire_operator_streams_refused_total[$__rate_interval]))".to_owned())
            .query("handshake: {{reason}}", "sum by (reason) (rate(longwire_operator_handshakes_refused_total[$__rate_interval]))".to_owned()),
        Panel::lines("Certificate", Unit::Seconds, "How long what the operator shows to probes is still valid. It is made anew in time; a line that nears 0 is a fault.")
            .query("{{certificate}}", "min by (certificate) (longwire_operator_certificate_expiry_timestamp_seconds) - time()".to_owned()),
    ]
}
