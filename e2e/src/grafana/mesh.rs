//! Who talks to whom.

use super::once::{self, EDGE, OPENED, TO_CLIENT, TO_SERVER};
use super::{Column, Dashboard, Link, Panel, Row, Unit, Variable, service, workload};

pub(super) const UID: &str = "longwire-mesh";

/// A failed attempt knows the namespace of the Service that was dialled, and no workload.
const CHOSEN: &str =
    "source_workload_namespace=~\"$source_namespace\",destination_service_namespace=~\"$destination_namespace\"";
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
        Column { label: source_namespace, heading: "From namespace", link: None },
        Column { label: source, heading: "From workload", link: Some(TO_SOURCE) },
        Column { label: destination_namespace, heading: "To namespace", link: None },
        Column { label: destination, heading: "To workload", link: Some(TO_DESTINATION) },
        Column { label: service, heading: "Service", link: Some(TO_SERVICE) },
    ]
}

pub(super) fn dashboard() -> Dashboard {
    let namespaces = [
        ("source_namespace", "From namespace", "source_workload_namespace"),
        ("destination_namespace", "To namespace", "destination_service_namespace"),
    ];
    Dashboard {
        uid: UID,
        title: "Longwire / Mesh",
        description: "Who talks to whom, how much, and how well. Every connection counts once.",
        variables: namespaces.map(|(name, label, of)| Variable::many(name, label, OPENED, of)).into(),
        rows: vec![
            Row { title: "Now", panels: now(CHOSEN) },
            Row { title: "Over time", panels: over_time() },
            Row { title: "Edges", panels: vec![edges("Who talks to whom", CHOSEN)] },
        ],
    }
}

/// The figures of some edges.
pub(super) fn now(chosen: &str) -> Vec<Panel> {
    vec![
        Panel::figure(
            "Traffic",
            Unit::BytesPerSecond,
            "Payload that goes over these connections each second, both directions together. Headers and what was sent again are not in it.",
        )
        .query("", once::bytes_per_second(&[], chosen)),
        Panel::figure("Connections opened", Unit::PerSecond, "New connections each second.")
            .query("", once::per_second(&[], OPENED, chosen)),
        Panel::figure(
            "Attempts that failed",
            Unit::PerSecond,
            "Attempts to connect that never became a connection, each second: refused, unanswered, or unreachable.",
        )
        .query("", once::failed_per_second(&[], chosen))
        .bounds(0.1, 1.0),
        Panel::figure("Connections open", Unit::Count, "Connections that are open at this moment, busy or idle.")
            .query("", once::open(&[], chosen)),
        Panel::figure(
            "Sent again",
            Unit::Share,
            "The share of the payload that had to be sent a second time, because it was lost or late. Above one percent applications begin to feel it.",
        )
        .query("", once::sent_again(&[], chosen))
        .bounds(0.01, 0.05),
        Panel::figure(
            "Round trip",
            Unit::Seconds,
            "How long a packet and its acknowledgement take, in 95 of 100 measurements at most. Both ends measure.",
        )
        .query("", once::quantile("0.95", &[], "longwire_tcp_rtt_seconds", chosen)),
    ]
}

fn over_time() -> Vec<Panel> {
    let top = |of: String| format!("topk(10, {of})");
    vec![
        Panel::lines(
            "Traffic by service",
            Unit::BytesPerSecond,
            "The ten services with the most payload, both directions together.",
        )
        .query("{{destination_service}}", top(once::bytes_per_second(&SERVICE, CHOSEN)))
        .link(TO_SERVICE),
        Panel::lines(
            "Failed attempts by reason",
            Unit::PerSecond,
            "Why attempts to connect failed. Refused: nobody listens. Timeout: no answer. Unreachable: the network knows no way. Aborted: the client gave up first.",
        )
        .query("{{reason}}", once::failed_per_second(&["reason"], CHOSEN)),
        round_trip(CHOSEN),
        Panel::lines(
            "Sent again by service",
            Unit::Share,
            "The ten services with the largest share of payload that had to be sent a second time, by either end.",
        )
        .query("{{destination_service}}", top(once::sent_again(&SERVICE, CHOSEN)))
        .bounds(0.01, 0.05)
        .link(TO_SERVICE),
    ]
}

pub(super) fn round_trip(chosen: &str) -> Panel {
    let of = |quantile| once::quantile(quantile, &[], "longwire_tcp_rtt_seconds", chosen);
    Panel::lines(
        "Round trips",
        Unit::Seconds,
        "How long a packet and its acknowledgement take: half of all measurements are below the first line, 95 of 100 below the second, 99 below the third.",
    )
    .query("median", of("0.5"))
    .query("95 of 100", of("0.95"))
    .query("99 of 100", of("0.99"))
}

pub(super) fn edges(title: &'static str, chosen: &str) -> Panel {
    Panel::table(
        title,
        edge(),
        "One row for each pair of workloads and the service between them. A click on a name leads to its own dashboard. `unknown` is what nobody can name: docs/metrics.md says why.",
    )
    .column("To server", Unit::BytesPerSecond, once::per_second(&EDGE, TO_SERVER, chosen))
    .column("To client", Unit::BytesPerSecond, once::per_second(&EDGE, TO_CLIENT, chosen))
    .column("Opened", Unit::PerSecond, once::per_second(&EDGE, OPENED, chosen))
    .column("Failed", Unit::PerSecond, once::failed_per_second(&EDGE, chosen))
    .column("Open", Unit::Count, once::open(&EDGE, chosen))
    .column("Sent again", Unit::Share, once::sent_again(&EDGE, chosen))
}
