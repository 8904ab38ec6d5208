//! One workload: as a server, as a client, and what its own ends of the connections had to send again.

use super::mesh::{self, TO_SERVICE, TO_SOURCE};
use super::once::{self, OPENED, TO_CLIENT, TO_SERVER};
use super::{Dashboard, Panel, Row, Unit, Variable};

pub(super) const UID: &str = "longwire-workload";

const SERVING: &str = "destination_workload=~\"$workload\",destination_workload_namespace=~\"$namespace\"";
const CALLING: &str = "source_workload=~\"$workload\",source_workload_namespace=~\"$namespace\"";
const CLIENT: [&str; 2] = ["source_workload_namespace", "source_workload"];
const SERVICE: [&str; 1] = ["destination_service"];

pub(super) fn dashboard() -> Dashboard {
    let in_namespace = ["source_workload_namespace=~\"$namespace\"", "destination_workload_namespace=~\"$namespace\""];
    Dashboard {
        uid: UID,
        title: "Longwire / Workload",
        description: "One workload: who calls it, whom it calls, and how well that goes. Every connection counts once.",
        variables: vec![
            Variable::at_either_end("namespace", "Namespace", ["", ""], "workload_namespace"),
            Variable::at_either_end("workload", "Workload", in_namespace, "workload"),
        ],
        rows: vec![
            Row { title: "Now", panels: now() },
            Row { title: "As a server", panels: serving() },
            Row { title: "As a client", panels: calling() },
        ],
    }
}

fn now() -> Vec<Panel> {
    let open = |chosen| once::open(&[], chosen);
    vec![
        Panel::figure(
            "Traffic as a server",
            Unit::BytesPerSecond,
            "Payload between this workload and those that call it, both directions together.",
        )
        .query("", once::bytes_per_second(&[], SERVING)),
        Panel::figure(
            "Traffic as a client",
            Unit::BytesPerSecond,
            "Payload between this workload and those that it calls, both directions together.",
        )
        .query("", once::bytes_per_second(&[], CALLING)),
        Panel::figure("Open as a server", Unit::Count, "Connections that others have open to this workload.")
            .query("", open(SERVING)),
        Panel::figure("Open as a client", Unit::Count, "Connections that this workload has open to others.")
            .query("", open(CALLING)),
        Panel::figure(
            "Failed attempts",
            Unit::PerSecond,
            "Attempts of this workload to connect to others that failed, each second.",
        )
        .query("", once::failed_per_second(&[], CALLING))
        .bounds(0.1, 1.0),
        Panel::figure(
            "Sent again as a client",
            Unit::Share,
            "Of the payload between this workload and those that it calls, the share that either end had to send again.",
        )
        .query("", once::sent_again(&[], CALLING))
        .bounds(0.01, 0.05),
    ]
}

fn serving() -> Vec<Panel> {
    let client = "{{source_workload}} ({{source_workload_namespace}})";
    vec![
        Panel::lines("Traffic by client", Unit::BytesPerSecond, "Payload by who calls, both directions together.")
            .query(client, once::bytes_per_second(&CLIENT, SERVING))
            .link(TO_SOURCE),
        Panel::lines("Connections by client", Unit::PerSecond, "New connections each second by who opens them.")
            .query(client, once::per_second(&CLIENT, OPENED, SERVING))
            .link(TO_SOURCE),
        mesh::round_trip(SERVING),
        Panel::lines(
            "Sent again by client",
            Unit::Share,
            "The share of the payload between this workload and each client that either end had to send again.",
        )
        .query(client, once::sent_again(&CLIENT, SERVING))
        .bounds(0.01, 0.05)
        .link(TO_SOURCE),
        mesh::edges("Its clients", SERVING),
    ]
}

fn calling() -> Vec<Panel> {
    let service = "{{destination_service}}";
    vec![
        Panel::lines("Sent to services", Unit::BytesPerSecond, "Payload that this workload sends to each service.")
            .query(service, once::per_second(&SERVICE, TO_SERVER, CALLING))
            .link(TO_SERVICE),
        Panel::lines("Answers of services", Unit::BytesPerSecond, "Payload that each service sends back.")
            .query(service, once::per_second(&SERVICE, TO_CLIENT, CALLING))
            .link(TO_SERVICE),
        Panel::lines(
            "Failed attempts by service",
            Unit::PerSecond,
            "Attempts to connect that failed, by the service that was dialled and the reason.",
        )
        .query(
            "{{destination_service}}: {{reason}}",
            once::failed_per_second(&["destination_service", "reason"], CALLING),
        )
        .link(TO_SERVICE),
        Panel::lines(
            "Handshake by service",
            Unit::Seconds,
            "How long this workload waits until it is connected, in 95 of 100 cases at most.",
        )
        .query(service, once::quantile("0.95", &SERVICE, "longwire_tcp_handshake_seconds", CALLING))
        .link(TO_SERVICE),
        mesh::edges("Its services", CALLING),
    ]
}
