//! The rows of the table of families.

use super::{Family, Kind, Metric, Quantity, SeriesSet};

/// Few buckets, because they are most of the cost of an edge (docs/sizing.md). Within a zone, between zones, between
/// regions, beyond.
const LATENCY: &[f64] = &[0.001, 0.01, 0.1];
/// A request, a session, and long-lived connections.
const LIFETIME: &[f64] = &[1.0, 60.0];

const fn row(
    metric: Metric,
    name: &'static str,
    kind: Kind,
    (set, quantity): (SeriesSet, Quantity),
    source: &'static str,
    help: &'static str,
) -> Family {
    Family { metric, name, kind, help, source, set, quantity }
}

const SENT: &str = "tcp_sock.snd_nxt, each byte once, without SYN and FIN";
const RECEIVED: &str = "tcp_sock.bytes_received, without FIN";

/// Every family of connections, in the order of a scrape.
#[rustfmt::skip]
pub const FAMILIES: [Family; 30] = [
    row(Metric::IstioSentBytes, "istio_tcp_sent_bytes_total", Kind::Counter, (SeriesSet::Istio, Quantity::FromServer), "reporter destination: tcp_sock.snd_nxt; reporter source: tcp_sock.bytes_received",
        "Bytes from server to client, cumulative."),
    row(Metric::IstioReceivedBytes, "istio_tcp_received_bytes_total", Kind::Counter, (SeriesSet::Istio, Quantity::FromClient), "reporter destination: tcp_sock.bytes_received; reporter source: tcp_sock.snd_nxt",
        "Bytes from client to server, cumulative."),
    row(Metric::IstioOpened, "istio_tcp_connections_opened_total", Kind::Counter, (SeriesSet::Istio, Quantity::Opened), "inet_sock_set_state to ESTABLISHED",
        "Connections established, cumulative."),
    row(Metric::IstioClosed, "istio_tcp_connections_closed_total", Kind::Counter, (SeriesSet::Istio, Quantity::Closed), "inet_sock_set_state to CLOSE",
        "Established connections that ended, cumulative."),
    row(Metric::KmeshConnectionSentBytes, "kmesh_tcp_connection_sent_bytes_total", Kind::Counter, (SeriesSet::KmeshConnection, Quantity::Sent), SENT,
        "Bytes the reporting end of a long connection sent, cumulative."),
    row(Metric::KmeshConnectionReceivedBytes, "kmesh_tcp_connection_received_bytes_total", Kind::Counter, (SeriesSet::KmeshConnection, Quantity::Received), RECEIVED,
        "Bytes the reporting end of a long connection received, cumulative."),
    row(Metric::KmeshConnectionPacketLost, "kmesh_tcp_connection_packet_lost_total", Kind::Counter, (SeriesSet::KmeshConnection, Quantity::Lost), "tcp_sock.lost",
        "Packets the reporting end of a long connection sent and marked as lost, cumulative."),
    row(Metric::KmeshConnectionRetrans, "kmesh_tcp_connection_retrans_total", Kind::Counter, (SeriesSet::KmeshConnection, Quantity::Retransmits), "tcp_sock.total_retrans",
        "Segments the reporting end of a long connection retransmitted, SYN and FIN included, cumulative."),
    row(Metric::KmeshWorkloadOpened, "kmesh_tcp_workload_connections_opened_total", Kind::Counter, (SeriesSet::KmeshWorkload, Quantity::Opened), "inet_sock_set_state to ESTABLISHED",
        "Connections established between a workload and a pod, cumulative."),
    row(Metric::KmeshWorkloadClosed, "kmesh_tcp_workload_connections_closed_total", Kind::Counter, (SeriesSet::KmeshWorkload, Quantity::Closed), "inet_sock_set_state to CLOSE",
        "Established connections between a workload and a pod that ended, cumulative."),
    row(Metric::KmeshWorkloadSentBytes, "kmesh_tcp_workload_sent_bytes_total", Kind::Counter, (SeriesSet::KmeshWorkload, Quantity::Sent), SENT,
        "Bytes the reporting end sent, by workload and pod, cumulative."),
    row(Metric::KmeshWorkloadReceivedBytes, "kmesh_tcp_workload_received_bytes_total", Kind::Counter, (SeriesSet::KmeshWorkload, Quantity::Received), RECEIVED,
        "Bytes the reporting end received, by workload and pod, cumulative."),
    row(Metric::KmeshWorkloadRetrans, "kmesh_tcp_retrans_total", Kind::Counter, (SeriesSet::KmeshWorkload, Quantity::Retransmits), "tcp_sock.total_retrans",
        "Segments the reporting end retransmitted, SYN and FIN included, by workload and pod, cumulative."),
    row(Metric::KmeshWorkloadPacketLoss, "kmesh_tcp_packet_loss_total", Kind::Counter, (SeriesSet::KmeshWorkload, Quantity::Lost), "tcp_sock.lost",
        "Packets the reporting end sent and marked as lost, by workload and pod, cumulative."),
    row(Metric::LongwireFailed, "longwire_tcp_connections_failed_total", Kind::Counter, (SeriesSet::Longwire, Quantity::FailuresByReason), "inet_sock_set_state from SYN_SENT to CLOSE, sock.sk_err",
        "Connection attempts that were not established, by reason, cumulative; reporter source only."),
    row(Metric::LongwireActive, "longwire_tcp_connections_active", Kind::Gauge, (SeriesSet::Longwire, Quantity::Active), "sampled sockets",
        "Connections established now."),
    row(Metric::LongwireRetransmittedBytes, "longwire_tcp_retransmitted_bytes_total", Kind::Counter, (SeriesSet::Longwire, Quantity::RetransmittedBytes), "tcp_sock.bytes_retrans",
        "Payload bytes the reporting end retransmitted, cumulative."),
    row(Metric::LongwireLostPackets, "longwire_tcp_lost_packets_total", Kind::Counter, (SeriesSet::Longwire, Quantity::Lost), "tcp_sock.lost",
        "Packets the reporting end sent and marked as lost, cumulative; may exceed retransmits."),
    row(Metric::LongwireRtt, "longwire_tcp_rtt_seconds", Kind::Histogram(LATENCY), (SeriesSet::Longwire, Quantity::Rtt), "tcp_sock.srtt_us >> 3",
        "Smoothed round-trip time, one observation a connection and sample in which it moved data."),
    row(Metric::LongwireHandshake, "longwire_tcp_handshake_seconds", Kind::Histogram(LATENCY), (SeriesSet::Longwire, Quantity::Handshake), "SYN_SENT to ESTABLISHED",
        "Time from SYN to established; reporter source only."),
    row(Metric::LongwireDuration, "longwire_tcp_connection_duration_seconds", Kind::Histogram(LIFETIME), (SeriesSet::Longwire, Quantity::Duration), "ESTABLISHED to CLOSE",
        "Time from established to closed, one observation a closed connection."),
    row(Metric::EnvoyTotal, "envoy_cluster_upstream_cx_total", Kind::Counter, (SeriesSet::Envoy, Quantity::Attempts), "inet_sock_set_state from SYN_SENT",
        "Connections to the cluster that were established or failed, cumulative."),
    row(Metric::EnvoyActive, "envoy_cluster_upstream_cx_active", Kind::Gauge, (SeriesSet::Envoy, Quantity::Active), "sampled sockets",
        "Connections to the cluster that are established now."),
    row(Metric::EnvoyConnectFail, "envoy_cluster_upstream_cx_connect_fail", Kind::Counter, (SeriesSet::Envoy, Quantity::Failures), "inet_sock_set_state from SYN_SENT to CLOSE",
        "Connection attempts to the cluster that were not established, cumulative."),
    row(Metric::EnvoyDestroy, "envoy_cluster_upstream_cx_destroy", Kind::Counter, (SeriesSet::Envoy, Quantity::Ends), "inet_sock_set_state to CLOSE",
        "Connections to the cluster that ended, failed attempts included, cumulative."),
    row(Metric::EnvoyDestroyLocal, "envoy_cluster_upstream_cx_destroy_local", Kind::Counter, (SeriesSet::Envoy, Quantity::EndsByClient), "inet_sock_set_state to CLOSE, from which state",
        "Connections to the cluster that the client ended first, cumulative."),
    row(Metric::EnvoyDestroyRemote, "envoy_cluster_upstream_cx_destroy_remote", Kind::Counter, (SeriesSet::Envoy, Quantity::EndsByServer), "inet_sock_set_state to CLOSE, from which state",
        "Connections to the cluster that the server ended first, failed attempts included, cumulative."),
    row(Metric::EnvoyRxBytes, "envoy_cluster_upstream_cx_rx_bytes_total", Kind::Counter, (SeriesSet::Envoy, Quantity::Received), RECEIVED,
        "Bytes the client received from the cluster, cumulative."),
    row(Metric::EnvoyTxBytes, "envoy_cluster_upstream_cx_tx_bytes_total", Kind::Counter, (SeriesSet::Envoy, Quantity::Sent), SENT,
        "Bytes the client sent to the cluster, cumulative."),
    row(Metric::LocalityBytes, "longwire_tcp_locality_bytes_total", Kind::Counter, (SeriesSet::Locality, Quantity::BytesByDirection), "as istio_tcp_sent_bytes_total and istio_tcp_received_bytes_total",
        "Bytes between two workloads, by how far apart the ends are and by direction, cumulative."),
];
