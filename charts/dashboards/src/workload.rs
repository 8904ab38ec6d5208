//! One workload: as a server, as a client, and its own retransmissions.

use super::mesh::{self, TO_SERVICE, TO_SOURCE};
use super::once::{self, FAILED, OPENED, TO_CLIENT, TO_SERVER};
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
        description: "One workload: its clients, the services that it calls, and how well its connections go. Every connection counts once.",
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
    vec![
        Panel::figure(
            "Traffic as a server",
            Unit::BytesPerSecond,
            "Payload between this workload and its clients, both directions together.",
        )
        .query("", once::bytes_per_second(&[], SERVING)),
        Panel::figure(
            "Traffic as a client",
            Unit::BytesPerSecond,
            "Payload between this workload and those that it calls, both directions together.",
        )
        .query("", once::bytes_per_second(&[], CALLING)),
        Panel::figure(
            "Open connections as a server",
            Unit::Count,
            "Connections that others have open to this workload.",
        )
        .query("", once::open(&[], SERVING)),
        Panel::figure(
            "Open connections as a client",
            Unit::Count,
            "Connections that this workload has open to others.",
        )
        .query("", once::open(&[], CALLING)),
        Panel::figure(
            "Failed connections",
            Unit::PerSecond,
            "Attempts of this workload to connect to others that failed, each second.",
        )
        .query("", once::failed_per_second(&[], CALLING))
        .bounds(0.1, 1.0),
        Panel::figure(
            "Retransmits as a client",
            Unit::Share,
            "Of the payload between this workload and those that it calls, the share that either end retransmitted.",
        )
        .query("", once::sent_again(&[], CALLING))
        .bounds(0.01, 0.05),
    ]
}

fn serving() -> Vec<Panel> {
    let client = "{{place}}. {{source_workload}} ({{source_workload_namespace}})";
    vec![
        Panel::lines("Traffic by client", Unit::BytesPerSecond, "Payload of the ten busiest clients, both directions together.")
            .query(
                client,
                once::top_bytes_per_second(&CLIENT, SERVING),
            )
            .link(TO_SOURCE),
        Panel::lines("Connections opened by client", Unit::PerSecond, "New connections each second of the ten clients that open the most.")
            .query(
                client,
                once::top_per_second(&CLIENT, OPENED, SERVING),
            )
            .link(TO_SOURCE),
        mesh::round_trip(SERVING),
        Panel::lines("Retransmits by client", Unit::Share, "The ten clients with the most retransmitted bytes in the time range, by either end, as a share of the payload.")
            .query(client, once::top_sent_again(&CLIENT, SERVING))
            .bounds(0.01, 0.05)
            .link(TO_SOURCE),
        mesh::edges("Its clients", SERVING),
    ]
}

fn calling() -> Vec<Panel> {
    let service = "{{place}}. {{destination_service}}";
    vec![
        Panel::lines("Traffic to services", Unit::BytesPerSecond, "Payload that this workload sends to each of ten services.")
            .query(service, once::top_per_second(&SERVICE, TO_SERVER, CALLING))
            .link(TO_SERVICE),
        Panel::lines("Traffic from services", Unit::BytesPerSecond, "Payload that each of ten services sends back.")
            .query(service, once::top_per_second(&SERVICE, TO_CLIENT, CALLING))
            .link(TO_SERVICE),
        Panel::lines("Failed connections by service", Unit::PerSecond, "Attempts to connect that failed, by the service that was requested and the reason: the ten with the most in the time range.")
            .query("{{place}}. {{destination_service}}: {{reason}}", once::top_counted(&["destination_service", "reason"], FAILED, CALLING))
            .link(TO_SERVICE),
        Panel::lines("Handshake time p95 by service", Unit::Seconds, "How long this workload waits until it is connected, in 95 of 100 cases at most: the ten services that it connects to most.")
            .query(service, once::top_quantile("0.95", &SERVICE, "longwire_tcp_handshake_seconds", CALLING))
            .link(TO_SERVICE)
            .measured(),
        mesh::edges("Its services", CALLING),
    ]
}
