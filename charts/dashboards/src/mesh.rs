//! Edges between workloads.

use super::once::{self, EDGE, FAILED, OPENED, TO_CLIENT, TO_SERVER};
use super::{Column, Dashboard, Link, P50, P95, P99, Panel, Row, Unit, Variable, service, workload};

pub(super) const UID: &str = "longwire-mesh";

/// A failed connect has the requested Service's namespace, and no workload.
const CHOSEN: &str =
    "source_workload_namespace=~\"$source_namespace\",destination_service_namespace=~\"$destination_namespace\"";
/// The same of series without Services.
const BETWEEN_WORKLOADS: &str =
    "source_workload_namespace=~\"$source_namespace\",destination_workload_namespace=~\"$destination_namespace\"";
const SERVICE: [&str; 1] = ["destination_service"];

pub(super) const TO_SERVICE: Link =
    Link { title: "The service", uid: service::UID, variables: &[("service", "destination_service")] };
pub(super) const TO_SOURCE: Link = Link {
    title: "The workload",
    uid: workload::UID,
    variables: &[("namespace", "source_workload_namespace"), ("workload", "source_workload")],
};
pub(super) const TO_DESTINATION: Link = Link {
    title: "The workload",
    uid: workload::UID,
    variables: &[("namespace", "destination_workload_namespace"), ("workload", "destination_workload")],
};

/// The columns of [`EDGE`].
pub(super) fn edge() -> Vec<Column> {
    let [source_namespace, source, destination_namespace, destination, service] = EDGE;
    vec![
        Column::new(source_namespace, "From namespace", 150),
        Column::new(source, "From workload", 170).link(TO_SOURCE),
        Column::new(destination_namespace, "To namespace", 150),
        Column::new(destination, "To workload", 170).link(TO_DESTINATION),
        Column::new(service, "Service", 330).link(TO_SERVICE),
    ]
}

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: UID,
        title: "Longwire / Mesh",
        description: "Traffic between workloads: how much, and how well. Every connection counts once.",
        variables: Variable::namespaces(OPENED),
        rows: vec![
            Row { title: "Now", panels: now(CHOSEN) },
            Row { title: "Over time", panels: over_time() },
            Row { title: "Edges", panels: vec![edges("Who talks to whom", CHOSEN)] },
        ],
    }
}

/// The current values of some edges.
pub(super) fn now(chosen: &str) -> Vec<Panel> {
    vec![
        Panel::figure("Traffic", Unit::BytesPerSecond, "Payload of these connections each second, both directions together, without headers and retransmits.")
            .query("", once::bytes_per_second(&[], chosen)),
        Panel::figure("Connections opened", Unit::PerSecond, "New connections each second.")
            .query("", once::per_second(&[], OPENED, chosen)),
        Panel::figure("Failed connections", Unit::PerSecond, "Attempts to connect that failed, each second: refused, without an answer, or unreachable.")
            .query("", once::failed_per_second(&[], chosen))
            .bounds(0.1, 1.0),
        Panel::figure("Open connections", Unit::Count, "Connections that are open at this moment, busy or idle.")
            .query("", once::open(&[], chosen)),
        Panel::figure("Retransmits", Unit::Share, "The share of the payload that was retransmitted, because it was lost or late. Above one percent applications begin to slow down.")
            .query("", once::sent_again(&[], chosen))
            .bounds(0.01, 0.05),
        Panel::figure("RTT p95", Unit::Seconds, "Round-trip time: how long a packet and its acknowledgement take, in 95 of 100 measurements at most. Both ends measure.")
            .query("", once::quantile("0.95", &[], "longwire_tcp_rtt_seconds", chosen))
            .measured(),
    ]
}

fn over_time() -> Vec<Panel> {
    vec![
        Panel::lines("Traffic by service", Unit::BytesPerSecond, "The ten services with the most payload at the end of the time range, both directions together.")
            .query("{{place}}. {{destination_service}}", once::top_bytes_per_second(&SERVICE, CHOSEN))
            .link(TO_SERVICE),
        Panel::lines("Failed connections by service", Unit::PerSecond, "The ten services with the most failed attempts to connect in the time range, with the reason. Refused: no process listens. Timeout: no answer. Unreachable: the network has no route. Aborted: the client gave up first.")
            .query("{{place}}. {{destination_service}}: {{reason}}", once::top_counted(&["destination_service", "reason"], FAILED, CHOSEN))
            .link(TO_SERVICE),
        Panel::lines("Traffic across zones by workload", Unit::BytesPerSecond, "The ten pairs of workloads with the most payload between zones or regions at the end of the time range, both directions together: clouds charge for it. Empty where nodes have no label topology.kubernetes.io/zone, or all have one zone.")
            .query(
                "{{place}}. {{source_workload}} ({{source_workload_namespace}}) to {{destination_workload}} ({{destination_workload_namespace}})",
                once::top_across_zones(BETWEEN_WORKLOADS),
            )
            .link(TO_SOURCE),
        round_trip(CHOSEN),
        Panel::lines("Retransmits by service", Unit::Share, "The ten services with the most retransmitted bytes in the time range, by either end, as a share of their payload.")
            .query("{{place}}. {{destination_service}}", once::top_sent_again(&SERVICE, CHOSEN))
            .bounds(0.01, 0.05)
            .link(TO_SERVICE),
    ]
}

pub(super) fn round_trip(chosen: &str) -> Panel {
    Panel::lines("RTT p50/p95/p99", Unit::Seconds, "Round-trip time: how long a packet and its acknowledgement take. Half of all measurements are at most p50, 95 of 100 at most p95, 99 at most p99.")
        .quantiles(&[P50, P95, P99], "longwire_tcp_rtt_seconds", chosen)
}

pub(super) fn edges(title: &'static str, chosen: &str) -> Panel {
    Panel::table(title, edge(), "One row for each pair of workloads and the service between them; those with failures come first. A name links to its own dashboard. `unknown` is an end that has no name: docs/metrics.md lists the reasons.")
        .judged("Failed", Unit::PerSecond, [0.001, 1.0], once::failed_or_none(&EDGE, chosen))
        .column("To server", Unit::BytesPerSecond, once::per_second(&EDGE, TO_SERVER, chosen))
        .column("To client", Unit::BytesPerSecond, once::per_second(&EDGE, TO_CLIENT, chosen))
        .column("Opened", Unit::PerSecond, once::per_second(&EDGE, OPENED, chosen))
        .column("Open", Unit::Count, once::open(&EDGE, chosen))
        .judged("Retransmits", Unit::Share, [0.01, 0.05], once::sent_again(&EDGE, chosen))
        .sort(&["Failed", "To server"])
}
