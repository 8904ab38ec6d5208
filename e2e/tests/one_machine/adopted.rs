//! Connections older than the probe.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Edge, Machine, Pod, Probe, REPORTERS, Scrape, Truth, confirm, drain, eventually, pass, send, stretched,
};
use socket2::Protocol;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const PODS: usize = 20;
const EACH: u64 = 50;
/// From the start of the probe's process to a scrape with every connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections in a ring: each pod to the next.
struct Ring<'a> {
    pods: Vec<&'a Pod>,
    _listeners: Vec<TcpListener>,
    connections: Vec<(usize, TcpStream, TcpStream)>,
}

impl<'a> Ring<'a> {
    fn new(machine: &'a Machine) -> Result<Self> {
        let pods = (0..PODS).map(|_| machine.take()).collect::<Result<Vec<_>>>()?;
        let (mut listeners, mut connections) = (Vec::new(), Vec::new());
        for (client, server) in (0..PODS).map(|index| (index, (index + 1) % PODS)) {
            // Go listens with MPTCP since 1.24.
            let protocol = if client == 0 { Protocol::MPTCP } else { Protocol::TCP };
            let listener = pods[server].listen_with((Ipv4Addr::UNSPECIFIED, 8080).into(), protocol)?;
            for _ in 0..EACH {
                let (near, far) = pods[client].connect_to(pods[server].address(), &listener)?;
                pass(&near, &far, 1_000)?;
                connections.push((client, near, far));
            }
            listeners.push(listener);
        }
        Ok(Self { pods, _listeners: listeners, connections })
    }

    fn edges(&self) -> impl Iterator<Item = Edge> {
        (0..PODS).map(|index| Edge::of(self.pods[index], self.pods[(index + 1) % PODS]))
    }

    fn expect_active(&self, scrape: &Scrape, active: u64) -> Result<()> {
        for (edge, reporter) in self.edges().flat_map(|edge| REPORTERS.map(|reporter| (edge.clone(), reporter))) {
            let found = edge.sum(scrape, "longwire_tcp_connections_active", reporter);
            ensure!(found == active, "{found} of {active} active on {edge:?} by {reporter}");
        }
        Ok(())
    }
}

#[test]
fn a_thousand_old_connections_are_named_at_once_and_exact_from_then_on() -> Result<()> {
    let machine = Machine::new(PODS, &[])?;
    let ring = Ring::new(&machine)?;
    let _operator = machine.operator()?;
    let start = Instant::now();
    let probe = Probe::start(&machine.node.netns, &[])?;
    eventually(Duration::from_secs(15), || ring.expect_active(&probe.scrape()?, EACH))?;
    let took = start.elapsed();
    probe.await_ready()?;
    for (index, near, far) in &ring.connections {
        pass(near, far, 7 + *index as u64)?;
        pass(far, near, 5)?;
    }
    let truth =
        |index: usize, closed| Truth { opened: 0, closed, to_server: EACH * (7 + index as u64), to_client: EACH * 5 };
    let expect = |ring: &Ring<'_>, closed| {
        probe.until(|scrape| {
            for (index, edge) in ring.edges().enumerate() {
                for reporter in REPORTERS {
                    let (reported, truth) = (edge.reported(scrape, reporter), truth(index, closed));
                    ensure!(reported == truth, "{edge:?} by {reporter}: {reported:?}, the truth is {truth:?}");
                }
                edge.labels_agree(scrape)?;
            }
            Ok(())
        })
    };
    expect(&ring, 0)?;
    let Ring { pods, _listeners, connections } = ring;
    drop(connections);
    let ring = Ring { pods, _listeners, connections: Vec::new() };
    expect(&ring, EACH)?;
    ring.expect_active(&probe.scrape()?, 0)?;
    confirm!(took <= stretched(PATIENCE), "named after {took:?}")
}

#[test]
fn an_adopted_connection_that_was_not_accepted_adds_nothing_on_the_servers_side() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (client, server) = machine.pair()?;
    let listener = server.listen()?;
    let near = client.connect(server.address())?;
    send(&near, 1_000)?;
    let _operator = machine.operator()?;
    let probe = Probe::ready(&machine.node.netns, &[])?;
    let far = listener.accept()?.0;
    send(&near, 100)?;
    near.shutdown(std::net::Shutdown::Write)?;
    ensure!(drain(&far)? == 1_100);
    drop((near, far));
    let source = Truth { opened: 0, closed: 1, to_server: 100, to_client: 0 };
    Edge::of(client, server).expect_of(&probe, &[("source", source), ("destination", Truth::default())])
}

#[test]
fn an_old_connection_whose_listener_is_gone_still_has_its_direction() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (client, server) = machine.pair()?;
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    pass(&near, &far, 1_000)?;
    let _operator = machine.operator()?;
    let probe = Probe::ready(&machine.node.netns, &[])?;
    pass(&near, &far, 100)?;
    pass(&far, &near, 30)?;
    drop((near, far));
    let truth = Truth { opened: 0, closed: 1, to_server: 100, to_client: 30 };
    Edge::of(client, server).expect(&probe, truth)
}
