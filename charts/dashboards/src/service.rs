//! One service: its clients, its servers, and the quality of the network between them.

use super::mesh::{self, TO_DESTINATION, TO_SOURCE};
use super::once::{self, CLOSED, FAILED, OPENED, TO_CLIENT, TO_SERVER};
use super::{Dashboard, P50, P95, Panel, Row, Unit, Variable};

pub(super) const UID: &str = "longwire-service";

const CHOSEN: &str = "destination_service=~\"$service\",source_workload_namespace=~\"$source_namespace\"";
const CLIENT: [&str; 2] = ["source_workload_namespace", "source_workload"];
const SERVER: [&str; 2] = ["destination_workload_namespace", "destination_workload"];

pub(super) fn dashboard() -> Dashboard {
    let of_service = format!("{OPENED}{{destination_service=~\"$service\"}}");
    Dashboard {
        uid: UID,
        title: "Longwire / Service",
        description: "One service: its clients, the workloads behind it, and how well its connections go. Every connection counts once.",
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
    let client = "{{place}}. {{source_workload}} ({{source_workload_namespace}})";
    vec![
        Panel::lines("Traffic from clients", Unit::BytesPerSecond, "Payload that each of the ten busiest clients sends.")
            .query(client, once::top_per_second(&CLIENT, TO_SERVER, CHOSEN))
            .link(TO_SOURCE),
        Panel::lines("Traffic to clients", Unit::BytesPerSecond, "Payload that the service sends to each of the ten clients that receive the most.")
            .query(client, once::top_per_second(&CLIENT, TO_CLIENT, CHOSEN))
            .link(TO_SOURCE),
        Panel::lines("Traffic by server", Unit::BytesPerSecond, "Payload in both directions by the workload that serves it. Several lines: the service is spread over several workloads, such as versions.")
            .query(
                "{{place}}. {{destination_workload}} ({{destination_workload_namespace}})",
                once::top_bytes_per_second(&SERVER, CHOSEN),
            )
            .link(TO_DESTINATION),
        mesh::round_trip(CHOSEN),
    ]
}

fn connections() -> Vec<Panel> {
    vec![
        Panel::lines("Connections opened and closed", Unit::PerSecond, "New connections and ended ones each second. If more are opened than closed for long, connections pile up.")
            .query("opened", once::per_second(&[], OPENED, CHOSEN))
            .query("closed", once::per_second(&[], CLOSED, CHOSEN)),
        Panel::lines("Failed connections by client", Unit::PerSecond, "Attempts to reach the service that failed, by the client that made them and the reason: the ten with the most in the time range.")
            .query(
                "{{place}}. {{source_workload}} ({{source_workload_namespace}}): {{reason}}",
                once::top_counted(&["source_workload_namespace", "source_workload", "reason"], FAILED, CHOSEN),
            )
            .link(TO_SOURCE),
        Panel::lines("Handshake time p50/p95", Unit::Seconds, "How long clients wait until they are connected: half of them at most p50, 95 of 100 at most p95. One second more means that the first packet was lost. Clients outside the cluster are not in it.")
            .quantiles(&[P50, P95], "longwire_tcp_handshake_seconds", CHOSEN),
        Panel::lines("Connection duration p50/p95", Unit::Seconds, "How old connections were when they ended. Very short ones are worth pooling.")
            .quantiles(&[P50, P95], "longwire_tcp_connection_duration_seconds", CHOSEN)
            .up_to(1.0),
    ]
}
