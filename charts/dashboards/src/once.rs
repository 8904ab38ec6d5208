//! PromQL over connections that counts each of them once.
//!
//! Both ends of a connection inside the cluster report it, with equal labels except `reporter`. So each edge counts the
//! client's report, or the server's if there is none: for clients outside the cluster, or while the client's probe is
//! away.

#[cfg(test)]
mod tests;

/// Most lines of a graph, and rows of a table.
pub(super) const TOP: usize = 10;
/// The label with the rank.
pub(super) const PLACE: &str = "place";
/// Prefix of the name of a ranked line.
pub(super) const PLACED: &str = "{{place}}. ";

/// Labels that identify an edge, equal at both reporters.
pub const EDGE: [&str; 5] = [
    "source_workload_namespace",
    "source_workload",
    "destination_workload_namespace",
    "destination_workload",
    "destination_service",
];

/// Labels that identify two workloads, equal at both reporters.
pub(super) const PAIR: [&str; 4] =
    ["source_workload_namespace", "source_workload", "destination_workload_namespace", "destination_workload"];

/// Labels that identify a long connection, with the names of its ends.
pub const CONNECTION: [&str; 7] = [
    "start_time",
    "source_workload_namespace",
    "source_workload",
    "source_address",
    "destination_service",
    "destination_workload",
    "destination_address",
];

pub(super) const TO_SERVER: &str = "istio_tcp_received_bytes_total";
pub(super) const TO_CLIENT: &str = "istio_tcp_sent_bytes_total";
pub(super) const OPENED: &str = "istio_tcp_connections_opened_total";
pub(super) const CLOSED: &str = "istio_tcp_connections_closed_total";
pub(super) const FAILED: &str = "longwire_tcp_connections_failed_total";
pub(super) const OPEN: &str = "longwire_tcp_connections_active";
pub(super) const LOCALITY: &str = "longwire_tcp_locality_bytes_total";
pub(super) const AGAIN: &str = "longwire_tcp_retransmitted_bytes_total";

/// Rate of a counter over the interval of one point of a graph.
pub(super) fn rate(series: &str, select: &str) -> String {
    format!("rate({series}{{{select}}}[$__rate_interval])")
}

pub(super) fn sum(by: &[&str], of: &str) -> String {
    if by.is_empty() { format!("sum({of})") } else { format!("sum by ({}) ({of})", by.join(", ")) }
}

/// The source's report of each edge, or else the destination's.
fn either(report: impl Fn(&str) -> String) -> String {
    let [source, destination] = ["source", "destination"].map(|reporter| sum(&EDGE, &report(reporter)));
    format!("{source} or {destination}")
}

/// Rate of a counter that both ends report, by some labels of [`EDGE`].
pub(super) fn per_second(by: &[&str], counter: &str, select: &str) -> String {
    sum(by, &either(|reporter| rate(counter, &format!("reporter=\"{reporter}\",{select}"))))
}

/// Bytes in both directions.
pub(super) fn bytes_per_second(by: &[&str], select: &str) -> String {
    format!("{} + {}", per_second(by, TO_SERVER, select), per_second(by, TO_CLIENT, select))
}

/// Connections that are open.
pub(super) fn open(by: &[&str], select: &str) -> String {
    sum(by, &either(|reporter| format!("{OPEN}{{reporter=\"{reporter}\",{select}}}")))
}

/// Failed connects, which only the client reports.
pub(super) fn failed_per_second(by: &[&str], select: &str) -> String {
    sum(by, &rate(FAILED, select))
}

/// The same, and 0 for clients without failures, for a column of a table.
pub(super) fn failed_or_none(by: &[&str], select: &str) -> String {
    let (failed, opened) = (failed_per_second(by, select), per_second(by, OPENED, select));
    format!("{failed} or on ({}) 0 * ({opened})", by.join(", "))
}

/// Retransmitted share of the bytes that both ends sent: each end reports its own.
pub(super) fn sent_again(by: &[&str], select: &str) -> String {
    let sent = format!(
        "{} or {}",
        rate(TO_SERVER, &format!("reporter=\"source\",{select}")),
        rate(TO_CLIENT, &format!("reporter=\"destination\",{select}"))
    );
    format!("{} / ({} > 0)", sum(by, &rate(AGAIN, select)), sum(by, &sent))
}

/// The ten rows of `of` with the highest `rank`, each with its rank as a label, which its name starts with and which
/// sets its colour. The rank is of the last moment of the range, so that the same ten are shown throughout.
///
/// The first of ten is the first of one, the second is in the first two and is not the first, and so on. Prometheus
/// evaluates `@ end()` once, whatever the number of points.
pub(super) fn top(by: &[&str], of: &str, rank: &str) -> String {
    let by = by.join(", ");
    let place = |place: usize| format!("label_replace(topk({place}, {rank}), \"{PLACE}\", \"{place}\", \"\", \"\")");
    let places: Vec<String> = (1..=TOP).map(place).collect();
    let places = places.join(&format!("\n  or on ({by}) "));
    format!("({of})\n* on ({by}) group_left ({PLACE}) (\n  {places}\n) ^ 0")
}

/// The ten with the highest rate of a counter that both ends report.
pub(super) fn top_per_second(by: &[&str], counter: &str, select: &str) -> String {
    top(by, &per_second(by, counter, select), &busiest(by, &[counter], select))
}

/// The ten with the most bytes in both directions.
pub(super) fn top_bytes_per_second(by: &[&str], select: &str) -> String {
    top(by, &bytes_per_second(by, select), &busiest(by, &[TO_SERVER, TO_CLIENT], select))
}

/// The ten pairs of workloads with the most bytes that leave a zone, both directions together.
pub(super) fn top_across_zones(select: &str) -> String {
    let across = format!("scope=~\"cross_zone|cross_region\",{select}");
    let [source, destination] = ["source", "destination"]
        .map(|reporter| sum(&PAIR, &rate(LOCALITY, &format!("reporter=\"{reporter}\",{across}"))));
    top(&PAIR, &format!("{source} or {destination}"), &busiest(&PAIR, &[LOCALITY], &across))
}

/// The ten with the most events of a counter in the whole range.
pub(super) fn top_counted(by: &[&str], counter: &str, select: &str) -> String {
    top(by, &sum(by, &rate(counter, select)), &most(by, counter, select))
}

/// The ten with the most retransmitted bytes, as a share of what they sent.
pub(super) fn top_sent_again(by: &[&str], select: &str) -> String {
    top(by, &sent_again(by, select), &most(by, AGAIN, select))
}

/// A quantile of the ten with the most measurements.
pub(super) fn top_quantile(of: &str, by: &[&str], histogram: &str, select: &str) -> String {
    top(by, &quantile(of, by, histogram, select), &busiest(by, &[&format!("{histogram}_count")], select))
}

/// Ranks by the counters' rate at the end of the range.
pub(super) fn busiest(by: &[&str], counters: &[&str], select: &str) -> String {
    let gain = |counter: &&str| sum(by, &format!("rate({counter}{{{select}}}[$__rate_interval] @ end())"));
    counters.iter().map(gain).collect::<Vec<_>>().join(" + ")
}

/// The same for long connections, from the client's point of view, because a server's report may have another address.
pub(super) fn busiest_long(by: &[&str], counters: [&str; 2], select: &str) -> String {
    let gain = |select: &str| {
        let [one, other] = counters.map(|counter| format!("rate({counter}{{{select}}}[$__rate_interval] @ end())"));
        format!("{one} + {other}")
    };
    let inside = gain(&format!("reporter=\"source\",{select}"));
    let outside = gain(&format!("reporter=\"destination\",source_workload=\"unknown\",{select}"));
    sum(by, &format!("{inside} or {outside}"))
}

/// Ranks by a counter's increase over the whole range, for rare events, so that past ones are not missed.
pub(super) fn most(by: &[&str], counter: &str, select: &str) -> String {
    sum(by, &format!("increase({counter}{{{select}}}[$__range] @ end())"))
}

/// Ranks by a gauge at the end of the range.
pub(super) fn highest(by: &[&str], gauge: &str, select: &str) -> String {
    sum(by, &format!("{gauge}{{{select}}} @ end()"))
}

/// A quantile of a histogram, over the reports of both ends.
pub(super) fn quantile(quantile: &str, by: &[&str], histogram: &str, select: &str) -> String {
    let by = [by, &["le"]].concat();
    format!("histogram_quantile({quantile}, {})", sum(&by, &rate(&format!("{histogram}_bucket"), select)))
}

/// A counter of long connections from the client's point of view: the server counts the other way round, and only it
/// reports clients outside the cluster.
pub(super) fn long(by: &[&str], counters: [&str; 2], select: &str) -> String {
    sum(by, &from_the_client(counters, select, value))
}

pub(super) fn long_per_second(by: &[&str], counters: [&str; 2], select: &str) -> String {
    sum(by, &from_the_client(counters, select, rate))
}

/// Number of connections, by a counter that each has once.
pub(super) fn how_many_long(counter: &str, select: &str) -> String {
    format!("count({})", from_the_client([counter; 2], select, value))
}

fn value(counter: &str, select: &str) -> String {
    format!("{counter}{{{select}}}")
}

fn from_the_client([at_client, at_server]: [&str; 2], select: &str, of: impl Fn(&str, &str) -> String) -> String {
    let inside = of(at_client, &format!("reporter=\"source\",{select}"));
    let outside = of(at_server, &format!("reporter=\"destination\",source_workload=\"unknown\",{select}"));
    format!("{inside} or {outside}")
}
