//! One service: its clients, its servers, and how well they reach each other.

use super::mesh::{self, TO_DESTINATION, TO_SOURCE};
use super::once::{self, CLOSED, OPENED, TO_CLIENT, TO_SERVER};
use super::{Dashboard, Panel, Row, Unit, Variable};

pub(super) const UID: &str = "longwire-service";

const CHOSEN: &str = "destination_service=~\"$service\",source_workload_namespace=~\"$source_namespace\"";
const CLIENT: [&str; 2] = ["source_workload_namespace", "source_workload"];
const SERVER: [&str; 2] = ["destination_workload_namespace", "destination_workload"];

pub(super) fn dashboard() -> Dashboard {
    let of_service = format!("{OPENED}{{destination_service=~\"$service\"}}");
    Dashboard {
        uid: UID,
        title: "Longwire / Service",
        description: "One service: who its clients are, who serves them, and how well. Every connection counts once.",
        variables: vec![
            Variable::one("service", "Service", OPENED, "destination_service"),
            Variable::many("source_namespace", "From namespace", &of_service, "source_workload_namespace"),
        ],
        rows: vec![
            Row { title: "Now", panels: mesh::now(CHOSEN) },
            Row { title: "Traffic", panels: traffic() },
            Row { title: "Connections", panels: connections() },
            Row { title: "Clients", panels: vec![mesh::edges("Clients and servers", CHOSEN)] },
        ],
    }
}

fn traffic() -> Vec<Panel> {
    vec![
        Panel::lines("From clients", Unit::BytesPerSecond, "Payload that each client sends to the service.")
            .query(
                "{{source_workload}} ({{source_workload_namespace}})",
                once::per_second(&CLIENT, TO_SERVER, CHOSEN),
            )
            .link(TO_SOURCE),
        Panel::lines("To clients", Unit::BytesPerSecond, "Payload that the service sends to each client.")
            .query(
                "{{source_workload}} ({{source_workload_namespace}})",
                once::per_second(&CLIENT, TO_CLIENT, CHOSEN),
            )
            .link(TO_SOURCE),
        Panel::lines(
            "By server",
            Unit::BytesPerSecond,
            "Payload in both directions by the workload that serves it. Several lines: the service is spread over several workloads, say versions.",
        )
        .query(
            "{{destination_workload}} ({{destination_workload_namespace}})",
            once::bytes_per_second(&SERVER, CHOSEN),
        )
        .link(TO_DESTINATION),
        mesh::round_trip(CHOSEN),
    ]
}

fn connections() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Opened and closed",
            Unit::PerSecond,
            "New connections and ended ones each second. Where the first stays above the second, connections pile up.",
        )
        .query("opened", once::per_second(&[], OPENED, CHOSEN))
        .query("closed", once::per_second(&[], CLOSED, CHOSEN)),
        Panel::lines(
            "Failed attempts",
            Unit::PerSecond,
            "Attempts to reach the service that failed, by the client that made them and the reason.",
        )
        .query(
            "{{source_workload}}: {{reason}}",
            once::failed_per_second(&["source_workload_namespace", "source_workload", "reason"], CHOSEN),
        )
        .link(TO_SOURCE),
        Panel::lines(
            "Handshake",
            Unit::Seconds,
            "How long clients wait until they are connected: half of them at most the first line, 95 of 100 the second. One second more means that the first packet was lost. Clients outside the cluster are not in it.",
        )
        .query("median", once::quantile("0.5", &[], "longwire_tcp_handshake_seconds", CHOSEN))
        .query("95 of 100", once::quantile("0.95", &[], "longwire_tcp_handshake_seconds", CHOSEN)),
        Panel::lines(
            "Lifetime",
            Unit::Seconds,
            "How old connections were when they ended. Very short ones are worth pooling.",
        )
        .query("median", once::quantile("0.5", &[], "longwire_tcp_connection_duration_seconds", CHOSEN))
        .query("95 of 100", once::quantile("0.95", &[], "longwire_tcp_connection_duration_seconds", CHOSEN)),
    ]
}
