//! Connections older than the probe.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Cluster, Edge, Machine, Pair, Probe, REPORTERS, Scrape, Truth, confirm, drain, eventually, pass, pass_both,
    pod::PORT, send, stretched,
};
use socket2::Protocol;
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::{Duration, Instant};

const PODS: usize = 20;
const EACH: u64 = 50;
/// From the start of the probe's process to a scrape with every connection. A second is usual, and a machine may stall for
/// some; one pod a pass would take twice as long.
const SOON: Duration = Duration::from_secs(10);

/// A pair and its open connections.
type Side = (Pair, Vec<(TcpStream, TcpStream)>);

/// Each pod is connected to the next.
fn ring(machine: &Machine) -> Result<Vec<Side>> {
    let pods = (0..PODS).map(|_| machine.take()).collect::<Result<Vec<_>>>()?;
    let side = |index: usize| {
        let (client, server) = (pods[index], pods[(index + 1) % PODS]);
        // Go listens with MPTCP since 1.24.
        let protocol = if index == 0 { Protocol::MPTCP } else { Protocol::TCP };
        let listener = server.listen_with((Ipv4Addr::UNSPECIFIED, PORT).into(), protocol)?;
        let pair = Pair { client: client.clone(), server: server.clone(), listener, edge: Edge::of(client, server) };
        pair.open(EACH, 1_000).map(|open| (pair, open))
    };
    (0..PODS).map(side).collect()
}

fn expect_active(ring: &[Side], scrape: &Scrape, active: u64) -> Result<()> {
    for (edge, reporter) in ring.iter().flat_map(|(pair, _)| REPORTERS.map(|reporter| (&pair.edge, reporter))) {
        let found = edge.sum(scrape, "longwire_tcp_connections_active", reporter);
        ensure!(found == active, "{found} of {active} active on {edge:?} by {reporter}");
    }
    Ok(())
}

#[test]
fn a_thousand_old_connections_are_named_at_once_and_exact_from_then_on() -> Result<()> {
    let machine = Machine::new(PODS, &[])?;
    let mut ring = ring(&machine)?;
    let _operator = machine.operator()?;
    let start = Instant::now();
    let probe = Probe::start(&machine.node.netns, &[])?;
    eventually(Duration::from_secs(60), || expect_active(&ring, &probe.scrape()?, EACH))?;
    let took = start.elapsed();
    probe.await_ready()?;
    for ((_, open), index) in ring.iter().zip(0..) {
        for (near, far) in open {
            pass_both(near, far, 7 + index, 5)?;
        }
    }
    let expect = |ring: &[Side], closed| {
        probe.until(|scrape| {
            ring.iter().zip(0..).try_for_each(|((pair, _), index)| {
                let truth = Truth { opened: 0, closed, to_server: EACH * (7 + index), to_client: EACH * 5 };
                pair.edge.both_say(scrape, truth)
            })
        })
    };
    expect(&ring, 0)?;
    ring.iter_mut().for_each(|(_, open)| open.clear());
    expect(&ring, EACH)?;
    expect_active(&ring, &probe.scrape()?, 0)?;
    confirm!(took <= stretched(SOON), "named after {took:?}")
}

#[test]
fn an_adopted_connection_that_was_not_accepted_adds_nothing_on_the_servers_side() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let pair = machine.pair()?;
    let near = pair.client.connect(pair.server.address())?;
    send(&near, 1_000)?;
    let cluster = Cluster::start_on(machine, &[])?;
    let far = pair.listener.accept()?.0;
    send(&near, 100)?;
    near.shutdown(Shutdown::Write)?;
    ensure!(drain(&far)? == 1_100);
    drop((near, far));
    let source = Truth { opened: 0, closed: 1, to_server: 100, to_client: 0 };
    pair.edge.expect_of(&cluster.probe, &[("source", source), ("destination", Truth::default())])
}

#[test]
fn an_old_connection_whose_listener_is_gone_still_has_its_direction() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let Pair { client, server, listener, edge } = machine.pair()?;
    let (near, far) = client.connect_to(server.address(), &listener)?;
    drop(listener);
    pass(&near, &far, 1_000)?;
    let cluster = Cluster::start_on(machine, &[])?;
    pass_both(&near, &far, 100, 30)?;
    drop((near, far));
    edge.expect(&cluster.probe, Truth { opened: 0, closed: 1, to_server: 100, to_client: 30 })
}
