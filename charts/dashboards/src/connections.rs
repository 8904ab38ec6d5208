//! Long-lived connections, one by one.

use super::mesh::{TO_DESTINATION, TO_SERVICE, TO_SOURCE};
use super::once::{self, CONNECTION};
use super::{Column, Dashboard, P50, P99, Panel, Row, Unit, Variable};

const UID: &str = "longwire-connections";

const CHOSEN: &str =
    "source_workload_namespace=~\"$source_namespace\",destination_service_namespace=~\"$destination_namespace\"";
const SENT: &str = "kmesh_tcp_connection_sent_bytes_total";
const RECEIVED: &str = "kmesh_tcp_connection_received_bytes_total";
/// The client's counter and the server's, for each direction.
const TO_SERVER: [&str; 2] = [SENT, RECEIVED];
const TO_CLIENT: [&str; 2] = [RECEIVED, SENT];
/// Counted by each end for what it sent.
const LOST: &str = "kmesh_tcp_connection_packet_lost_total";
const AGAIN: &str = "kmesh_tcp_connection_retrans_total";

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: UID,
        title: "Longwire / Long connections",
        description: "Connections older than the threshold (5 s unless a policy says otherwise), each as its client reports it, or as its server does if the client is outside the cluster.",
        variables: Variable::namespaces(SENT),
        rows: vec![
            Row { title: "Now", panels: now() },
            Row { title: "Over time", panels: over_time() },
            Row { title: "Single connections", panels: vec![talkers()] },
        ],
    }
}

fn both(by: &[&str]) -> String {
    format!("{} + {}", once::long_per_second(by, TO_SERVER, CHOSEN), once::long_per_second(by, TO_CLIENT, CHOSEN))
}

fn now() -> Vec<Panel> {
    vec![
        Panel::figure(
            "Long connections",
            Unit::Count,
            "Connections that have been open for longer than the threshold.",
        )
        .query("", once::how_many_long(SENT, CHOSEN)),
        Panel::figure("Traffic", Unit::BytesPerSecond, "Payload over long connections each second, both directions.")
            .query("", both(&[])),
        Panel::figure("Lost packets", Unit::PerSecond, "Packets that either end sent and marked as lost, each second.")
            .query("", once::sum(&[], &once::rate(LOST, CHOSEN)))
            .bounds(1.0, 10.0),
        Panel::figure("Retransmits", Unit::PerSecond, "Packets that either end retransmitted, each second.")
            .query("", once::sum(&[], &once::rate(AGAIN, CHOSEN)))
            .bounds(1.0, 10.0),
    ]
}

fn over_time() -> Vec<Panel> {
    let name = "{{place}}. {{source_workload}} {{source_address}} to {{destination_workload}}";
    let end = "{{place}}. {{reporter}}: {{source_workload}} {{source_address}} to {{destination_workload}}";
    let ends = [&CONNECTION[..], &["reporter"]].concat();
    vec![
        Panel::lines("Top talkers", Unit::BytesPerSecond, "The ten long connections with the most payload at the end of the time range, both directions together.")
            .query(name, once::top(&CONNECTION, &both(&CONNECTION), &once::busiest_long(&CONNECTION, [SENT, RECEIVED], CHOSEN)))
            .link(TO_SOURCE),
        Panel::lines("Lost packets by connection", Unit::PerSecond, "The ten ends of long connections that lost the most of the packets that they sent in the time range: `source` is the client, `destination` the server.")
            .query(end, once::top_counted(&ends, LOST, CHOSEN))
            .link(TO_SOURCE),
        Panel::lines("RTT p95 by service", Unit::Seconds, "Round-trip time: how long a packet and its acknowledgement take, in 95 of 100 measurements at most. It is of all connections to a service, short ones too: the ten services with the most measurements.")
            .query(
                "{{place}}. {{destination_service}}",
                once::top_quantile("0.95", &["destination_service"], "longwire_tcp_rtt_seconds", CHOSEN),
            )
            .link(TO_SERVICE)
            .measured(),
        Panel::lines("Connection duration p50/p99", Unit::Seconds, "How old connections were when they ended, long or not: half of them at most p50, 99 of 100 at most p99.")
            .quantiles(&[P50, P99], "longwire_tcp_connection_duration_seconds", CHOSEN)
            .up_to(1.0),
    ]
}

fn talkers() -> Panel {
    let [start, source_namespace, source, from, service, destination, to] = CONNECTION;
    let columns = vec![
        // Without the fraction of the second, which only distinguishes connections.
        Column::new(start, "Open since (UTC)", 168).part("^(.{19}).*$"),
        Column::new(source_namespace, "From namespace", 142),
        Column::new(source, "From workload", 145).link(TO_SOURCE),
        Column::new(from, "From", 150),
        Column::new(service, "Service", 320).link(TO_SERVICE),
        Column::new(destination, "To workload", 145).link(TO_DESTINATION),
        Column::hidden(to),
    ];
    let total = |counters: [_; 2]| once::long(&CONNECTION, counters, CHOSEN);
    // The same fifty connections in every column.
    let talkative = format!("topk(50, {})", both(&CONNECTION));
    let of_those = |of: String| format!("{of} and {talkative}");
    Panel::table("The busiest long connections", columns, "The fifty long connections with the most payload now: since when they are open, their traffic now, and over their whole life their bytes and the packets that their client lost and retransmitted, or their server if the client is outside the cluster.")
        .column("Traffic", Unit::BytesPerSecond, talkative.clone())
        .column("To server", Unit::Bytes, of_those(total(TO_SERVER)))
        .column("To client", Unit::Bytes, of_those(total(TO_CLIENT)))
        .column("Lost", Unit::Count, of_those(total([LOST; 2])))
        .column("Retransmits", Unit::Count, of_those(total([AGAIN; 2])))
}
