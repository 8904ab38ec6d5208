//! Connections that ended while the ring was full.

use crate::kernel::{Kernel, ROUTES};
use crate::world::{KernelOutput, S, World, octets, options};
use longwire_pipeline::record::{Folded, FoldedKey, flag, kind};

fn key(kind: u32, flags: u32, error: i32) -> FoldedKey {
    FoldedKey {
        cgroup: 1,
        epoch: 1,
        netns: 7,
        kind,
        flags,
        error,
        port: 8080,
        pad: 0,
        local: octets("10.0.0.1"),
        remote: octets("10.0.0.2"),
    }
}

const SUMS: Folded = Folded {
    first: 100 * S,
    last: 101 * S,
    connections: 7,
    closed_by_remote: 3,
    sent: 70,
    received: 700,
    retransmitted_bytes: 5,
    retransmits: 4,
    lost: 3,
};

fn emitted(key: FoldedKey) -> World {
    let mut world = World::new(options());
    world.emit(KernelOutput::Folded(key, SUMS));
    world.answer();
    world
}

#[test]
fn they_count_as_many_as_they_are_without_times() {
    let mut world = emitted(key(kind::CLOSE, flag::ACTIVE, 0));
    let labels = "reporter=source source_workload=a destination_workload=b destination_service_name=web";
    for (family, value) in [
        ("istio_tcp_connections_opened_total", 7.0),
        ("istio_tcp_connections_closed_total", 7.0),
        ("istio_tcp_sent_bytes_total", 700.0),
        ("istio_tcp_received_bytes_total", 70.0),
        ("longwire_tcp_retransmitted_bytes_total", 5.0),
        ("longwire_tcp_lost_packets_total", 3.0),
        ("longwire_tcp_connections_active", 0.0),
    ] {
        assert_eq!(world.value(family, labels), Some(value), "{family}");
    }
    assert_eq!(world.value("kmesh_tcp_retrans_total", ""), Some(4.0));
    assert_eq!(world.value("longwire_tcp_rtt_seconds_count", ""), None);
    assert_eq!(world.value("longwire_tcp_connection_duration_seconds_count", ""), None);
    let stats = world.pipeline.stats();
    assert_eq!((stats.folded, stats.records, stats.pending, stats.joins), (7, 0, 0, 0));
}

#[test]
fn the_server_knows_its_port_and_its_client_by_address() {
    let mut world = World::new(options());
    Kernel::default().fold(&mut world, ROUTES[0], 2);
    world.answer();
    let labels = "reporter=destination source_workload=a destination_workload=b destination_service_name=web";
    assert_eq!(world.value("istio_tcp_connections_closed_total", labels), Some(2.0));
    assert_eq!(world.value("istio_tcp_received_bytes_total", labels), Some(6.0));
}

#[test]
fn failures_come_by_reason() {
    let mut world = emitted(key(kind::FAIL, flag::ACTIVE, 111));
    assert_eq!(
        world.value("longwire_tcp_connections_failed_total", "reason=refused destination_workload=b"),
        Some(7.0)
    );
    assert_eq!(world.value("istio_tcp_connections_opened_total", ""), None);
}

#[test]
fn aggregated_closes_of_a_service_have_no_backend_and_request_none() {
    let mut world = World::new(options());
    world.emit(KernelOutput::Folded(
        FoldedKey { remote: octets("10.96.0.1"), port: 80, ..key(kind::CLOSE, 1, 0) },
        SUMS,
    ));
    let queries = world.pipeline.queries();
    assert_eq!((queries.addresses.len(), queries.backends.len()), (1, 0));
    let mut world = World::new(options());
    Kernel::default().fold(&mut world, ROUTES[5], 2);
    world.answer();
    let labels = "source_workload=a destination_workload=unknown destination_service_name=web";
    assert_eq!(world.value("istio_tcp_connections_opened_total", labels), Some(2.0));
    assert_eq!(world.pipeline.stats().backend_unknown, 1);
}

#[test]
fn those_that_count_nowhere_are_counted_by_why() {
    let stats = |key| emitted(key).pipeline.stats();
    assert_eq!(stats(key(kind::CLOSE, flag::ACTIVE | flag::ADOPTED, 0)).unadopted_closes, 7);
    assert_eq!(stats(key(kind::CLOSE, flag::UNTRACKED, 0)).untracked_closes, 7);
    assert_eq!(stats(key(kind::CLOSE, 0, 0)).role_unknown, 7);
    assert_eq!(stats(key(kind::ANNOUNCE, flag::ACTIVE, 0)).invalid_kind, 1);
    assert_eq!(stats(FoldedKey { cgroup: 3, netns: 1, ..key(kind::CLOSE, flag::ACTIVE, 0) }).host_connections, 7);
}
