//! Connections that live long, one by one.

use super::mesh::{TO_DESTINATION, TO_SERVICE, TO_SOURCE};
use super::once::{self, CONNECTION};
use super::{Column, Dashboard, Panel, Row, Unit, Variable};

const UID: &str = "longwire-connections";

const CHOSEN: &str =
    "source_workload_namespace=~\"$source_namespace\",destination_service_namespace=~\"$destination_namespace\"";
const SENT: &str = "kmesh_tcp_connection_sent_bytes_total";
const RECEIVED: &str = "kmesh_tcp_connection_received_bytes_total";
/// The client's counter and the server's, for each direction.
const TO_SERVER: [&str; 2] = [SENT, RECEIVED];
const TO_CLIENT: [&str; 2] = [RECEIVED, SENT];
/// Each end's of what itself sent.
const LOST: &str = "kmesh_tcp_connection_packet_lost_total";
const AGAIN: &str = "kmesh_tcp_connection_retrans_total";

pub(super) fn dashboard() -> Dashboard {
    let namespaces = [
        ("source_namespace", "From namespace", "source_workload_namespace"),
        ("destination_namespace", "To namespace", "destination_service_namespace"),
    ];
    Dashboard {
        uid: UID,
        title: "Longwire / Long connections",
        description: "Connections older than the threshold (5 s unless a policy says otherwise), each as its client sees it, or as its server does where the client is outside the cluster.",
        variables: namespaces.map(|(name, label, of)| Variable::many(name, label, SENT, of)).into(),
        rows: vec![
            Row { title: "Now", panels: now() },
            Row { title: "Over time", panels: over_time() },
            Row { title: "One by one", panels: vec![talkers()] },
        ],
    }
}

fn both(by: &[&str]) -> String {
    format!("{} + {}", once::long_per_second(by, TO_SERVER, CHOSEN), once::long_per_second(by, TO_CLIENT, CHOSEN))
}

fn now() -> Vec<Panel> {
    vec![
        Panel::figure("How many", Unit::Count, "Connections that have been open for longer than the threshold.")
            .query("", once::how_many_long(SENT, CHOSEN)),
        Panel::figure("Traffic", Unit::BytesPerSecond, "Payload over long connections each second, both directions.")
            .query("", both(&[])),
        Panel::figure("Lost", Unit::PerSecond, "Packets that either end sent and took for lost, each second.")
            .query("", once::sum(&[], &once::rate(LOST, CHOSEN)))
            .bounds(1.0, 10.0),
        Panel::figure("Sent again", Unit::PerSecond, "Packets that either end sent a second time, each second.")
            .query("", once::sum(&[], &once::rate(AGAIN, CHOSEN)))
            .bounds(1.0, 10.0),
    ]
}

fn over_time() -> Vec<Panel> {
    let name = "{{source_workload}} {{source_address}} to {{destination_workload}} {{destination_address}}";
    let end =
        "{{reporter}} of {{source_workload}} {{source_address}} to {{destination_workload}} {{destination_address}}";
    let ends = [&CONNECTION[..], &["reporter"]].concat();
    let service = ["destination_service"];
    let top = |of: String| format!("topk(10, {of})");
    let lifetime = |quantile| once::quantile(quantile, &[], "longwire_tcp_connection_duration_seconds", CHOSEN);
    vec![
        Panel::lines("Top talkers", Unit::BytesPerSecond, "The ten long connections with the most payload.")
            .query(name, top(both(&CONNECTION)))
            .link(TO_SOURCE),
        Panel::lines(
            "Packets lost",
            Unit::PerSecond,
            "The ten ends of long connections that lose the most of the packets that they send: `source` is the client, `destination` the server.",
        )
        .query(end, top(once::sum(&ends, &once::rate(LOST, CHOSEN))))
            .link(TO_SOURCE),
        Panel::lines(
            "Round trip by service",
            Unit::Seconds,
            "How long a packet and its acknowledgement take on all connections to a service, short ones too, in 95 of 100 measurements at most.",
        )
        .query("{{destination_service}}", once::quantile("0.95", &service, "longwire_tcp_rtt_seconds", CHOSEN))
        .link(TO_SERVICE),
        Panel::lines(
            "Age at the end",
            Unit::Seconds,
            "How old connections were when they ended, long or not: half of them below the first line, 99 of 100 below the second.",
        )
        .query("median", lifetime("0.5"))
        .query("99 of 100", lifetime("0.99")),
    ]
}

fn talkers() -> Panel {
    let [start, source_namespace, source, from, service, destination, to] = CONNECTION;
    let column = |label, heading, link| Column { label, heading, link };
    let columns = vec![
        column(start, "Open since", None),
        column(source_namespace, "From namespace", None),
        column(source, "From workload", Some(TO_SOURCE)),
        column(from, "From", None),
        column(service, "Service", Some(TO_SERVICE)),
        column(destination, "To workload", Some(TO_DESTINATION)),
        column(to, "To", None),
    ];
    let total = |counters: [_; 2]| once::long(&CONNECTION, counters, CHOSEN);
    // The same fifty in every column.
    let talkative = format!("topk(50, {})", both(&CONNECTION));
    let of_those = |of: String| format!("{of} and {talkative}");
    Panel::table(
        "Long connections",
        columns,
        "The fifty long connections with the most payload now: since when they are open, what moves over them, and over their whole life what moved and what their client lost or sent again; their server, where the client is outside the cluster.",
    )
    .column("Now", Unit::BytesPerSecond, talkative.clone())
    .column("To server", Unit::Bytes, of_those(total(TO_SERVER)))
    .column("To client", Unit::Bytes, of_those(total(TO_CLIENT)))
    .column("Lost", Unit::Count, of_those(total([LOST; 2])))
    .column("Sent again", Unit::Count, of_those(total([AGAIN; 2])))
}
