//! PromQL over connections that counts each of them once.
//!
//! Both ends of a connection inside the cluster report it, under equal labels but for `reporter`. So for every edge the
//! client's report counts, and the server's where there is none: of clients outside the cluster, or while the client's
//! probe is away.

#[cfg(test)]
mod tests;

/// Lines of a graph, and rows that a person reads.
pub(super) const TOP: usize = 10;
/// The label that says how many are higher.
pub(super) const PLACE: &str = "place";
/// How the name of a line with a place begins.
pub(super) const PLACED: &str = "{{place}}. ";

/// What tells edges apart: equal at both reporters.
pub const EDGE: [&str; 5] = [
    "source_workload_namespace",
    "source_workload",
    "destination_workload_namespace",
    "destination_workload",
    "destination_service",
];

/// What tells long connections apart, with the names that go with them.
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
pub(super) const AGAIN: &str = "longwire_tcp_retransmitted_bytes_total";

/// A second's worth of a counter, over what a graph shows in one point.
pub(super) fn rate(series: &str, select: &str) -> String {
    format!("rate({series}{{{select}}}[$__rate_interval])")
}

pub(super) fn sum(by: &[&str], of: &str) -> String {
    if by.is_empty() { format!("sum({of})") } else { format!("sum by ({}) ({of})", by.join(", ")) }
}

/// The source's report of every edge, or the destination's.
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

/// Attempts that failed: the client's end alone reports them.
pub(super) fn failed_per_second(by: &[&str], select: &str) -> String {
    sum(by, &rate(FAILED, select))
}

/// The same, and 0 for what has only opened connections: a column of a table that is always there.
pub(super) fn failed_or_none(by: &[&str], select: &str) -> String {
    let (failed, opened) = (failed_per_second(by, select), per_second(by, OPENED, select));
    format!("{failed} or on ({}) 0 * ({opened})", by.join(", "))
}

/// Of the bytes that both ends sent, those that were sent again: each end reports what itself sent.
pub(super) fn sent_again(by: &[&str], select: &str) -> String {
    let sent = format!(
        "{} or {}",
        rate(TO_SERVER, &format!("reporter=\"source\",{select}")),
        rate(TO_CLIENT, &format!("reporter=\"destination\",{select}"))
    );
    format!("{} / ({} > 0)", sum(by, &rate(AGAIN, select)), sum(by, &sent))
}

/// The ten rows of `of` with the highest `rank`, each with its place as a label: the line's name begins with it, and has its
/// colour by it. A rank is of one moment, the last that is shown, so that the same ten are shown throughout.
///
/// The first of ten is the first of one, the second is of two and not the first, and so on. Prometheus looks at what stands
/// at the end of the range once, whatever the number of points.
pub(super) fn top(by: &[&str], of: &str, rank: &str) -> String {
    let by = by.join(", ");
    let place = |place: usize| format!("label_replace(topk({place}, {rank}), \"{PLACE}\", \"{place}\", \"\", \"\")");
    let places: Vec<String> = (1..=TOP).map(place).collect();
    let places = places.join(&format!("\n  or on ({by}) "));
    format!("({of})\n* on ({by}) group_left ({PLACE}) (\n  {places}\n) ^ 0")
}

/// Ranks by what counters gain at the end of what is shown.
pub(super) fn busiest(by: &[&str], counters: &[&str], select: &str) -> String {
    let gain = |counter: &&str| sum(by, &format!("rate({counter}{{{select}}}[$__rate_interval] @ end())"));
    counters.iter().map(gain).collect::<Vec<_>>().join(" + ")
}

/// The same of long connections, from the client's point of view: a server's report may name another address.
pub(super) fn busiest_long(by: &[&str], counters: [&str; 2], select: &str) -> String {
    let gain = |select: &str| {
        let [one, other] = counters.map(|counter| format!("rate({counter}{{{select}}}[$__rate_interval] @ end())"));
        format!("{one} + {other}")
    };
    let inside = gain(&format!("reporter=\"source\",{select}"));
    let outside = gain(&format!("reporter=\"destination\",source_workload=\"unknown\",{select}"));
    sum(by, &format!("{inside} or {outside}"))
}

/// Ranks by what a counter gained in all that is shown: for what is rare, and must not be missed because it is over.
pub(super) fn most(by: &[&str], counter: &str, select: &str) -> String {
    sum(by, &format!("increase({counter}{{{select}}}[$__range] @ end())"))
}

/// Ranks by a gauge at the end of what is shown.
pub(super) fn highest(by: &[&str], gauge: &str, select: &str) -> String {
    sum(by, &format!("{gauge}{{{select}}} @ end()"))
}

/// A quantile of a histogram, over what both ends saw.
pub(super) fn quantile(quantile: &str, by: &[&str], histogram: &str, select: &str) -> String {
    let by = [by, &["le"]].concat();
    format!("histogram_quantile({quantile}, {})", sum(&by, &rate(&format!("{histogram}_bucket"), select)))
}

/// A counter of long connections from the client's point of view: the server's counts the other way round, and alone
/// reports those of clients outside the cluster.
pub(super) fn long(by: &[&str], [at_client, at_server]: [&str; 2], select: &str) -> String {
    sum(by, &from_the_client([at_client, at_server], select, |counter, select| format!("{counter}{{{select}}}")))
}

pub(super) fn long_per_second(by: &[&str], counters: [&str; 2], select: &str) -> String {
    sum(by, &from_the_client(counters, select, rate))
}

/// How many there are, by a counter that each has once.
pub(super) fn how_many_long(counter: &str, select: &str) -> String {
    format!(
        "count({})",
        from_the_client([counter, counter], select, |counter, select| format!("{counter}{{{select}}}"))
    )
}

fn from_the_client([at_client, at_server]: [&str; 2], select: &str, of: impl Fn(&str, &str) -> String) -> String {
    let inside = of(at_client, &format!("reporter=\"source\",{select}"));
    let outside = of(at_server, &format!("reporter=\"destination\",source_workload=\"unknown\",{select}"));
    format!("{inside} or {outside}")
}
