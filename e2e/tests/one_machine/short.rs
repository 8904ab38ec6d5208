//! Many short connections at once: with preemption, the kernel skips some programs.

use anyhow::Result;
use longwire_testkit::{Cluster, Edge, Pod, SERVICE_PORT, Truth, all_at_once, confirm};
use std::net::{Ipv6Addr, SocketAddr};

const PAIRS: usize = 4;
const EACH: u64 = 175;

/// By the pod's addresses of both families and by its Service's, one after the other.
fn connect((client, server): &(&Pod, &Pod)) -> Result<Truth> {
    let listener = server.listen_on((Ipv6Addr::UNSPECIFIED, 8080))?;
    let ways: [SocketAddr; 3] =
        [server.address(), (server.ipv6, 8080).into(), (server.service_ip, SERVICE_PORT).into()];
    let connections = (0..EACH).zip(ways.iter().cycle());
    connections.map(|(number, address)| client.exchange(*address, &listener, number, 2 * number)).sum()
}

#[test]
fn seven_hundred_short_connections_at_once_are_exact() -> Result<()> {
    let cluster = Cluster::start(2 * PAIRS, &[], &[])?;
    let pairs = (0..PAIRS).map(|_| cluster.machine.two()).collect::<Result<Vec<_>>>()?;
    for (_, server) in &pairs {
        cluster.machine.publish(server)?;
    }
    for ((client, server), truth) in pairs.iter().zip(all_at_once(&pairs, connect)?) {
        Edge::of(client, server).expect(&cluster.probe, truth)?;
    }
    let scrape = cluster.probe.scrape()?;
    let of = |kind| scrape.of_kernel(kind);
    println!(
        "skipped {}, of those counted whole {}, ends seen later {}",
        scrape.sum("longwire_probe_recursion_misses_total", &[]),
        of("missed_open"),
        of("recovered_close")
    );
    confirm!(of("record_dropped") + of("connections_full") == 0, "records were dropped")
}
