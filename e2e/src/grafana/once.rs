//! PromQL over connections that counts each of them once.
//!
//! Both ends of a connection inside the cluster report it, under equal labels but for `reporter`. So for every edge the
//! client's report counts, and the server's where there is none: of clients outside the cluster, or while the client's
//! probe is away.

#[cfg(test)]
mod tests;

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
const AGAIN: &str = "longwire_tcp_retransmitted_bytes_total";

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

/// Of the bytes that both ends sent, those that were sent again: each end reports what itself sent.
pub(super) fn sent_again(by: &[&str], select: &str) -> String {
    let sent = format!(
        "{} or {}",
        rate(TO_SERVER, &format!("reporter=\"source\",{select}")),
        rate(TO_CLIENT, &format!("reporter=\"destination\",{select}"))
    );
    format!("{} / ({} > 0)", sum(by, &rate(AGAIN, select)), sum(by, &sent))
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
