//! More ended connections than the ring holds, without a reader.

use anyhow::{Result, ensure};
use longwire_pipeline::record::{Folded, FoldedKey, flag, kind};
use longwire_testkit::{
    Cluster, Edge, Floor, Machine, Pair, Probe, Scene, Truth, all_at_once, cgroup, confirm, monotonic, pass,
};
use nix::sys::signal::Signal;
use zerocopy::IntoBytes;

/// Both ends of each make a record; the ring holds 27,000.
const SHORT: usize = 9_000;
const PAIRS: usize = 2;
const LONG: u64 = 40;

/// Without a reader: short connections fill the ring, refused ones find it full, and long ones that were sampled send
/// and close.
fn flood(machine: &Machine, probe: Probe, meanwhile: impl FnOnce(Probe) -> Result<Probe>) -> Result<()> {
    let (holding, mut floor) = (machine.pair()?, Floor::default());
    let long = holding.open(LONG, 1_000)?;
    let opened = Truth { opened: LONG, to_server: LONG * 1_000, ..Truth::default() };
    holding.edge.expect(&probe, opened)?;
    floor.rise(&probe.scrape()?)?;
    let pairs = (0..PAIRS).map(|_| machine.pair()).collect::<Result<Vec<_>>>()?;
    let (caller, nobody) = machine.two()?;
    probe.process().signal(Signal::SIGSTOP)?;
    let truths = all_at_once(&pairs, |pair| pair.churn(SHORT))?;
    for (near, far) in long {
        pass(&near, &far, 234)?;
        drop(far);
        drop(near);
    }
    for _ in 0..25 {
        ensure!(caller.connect(nobody.address()).is_err(), "somebody listens");
    }
    let probe = meanwhile(probe)?;
    probe.await_ready()?;
    for (pair, truth) in pairs.iter().zip(truths) {
        pair.edge.expect(&probe, truth)?;
    }
    holding.edge.expect(&probe, Truth { opened: LONG, closed: LONG, to_server: LONG * 1_234, to_client: 0 })?;
    let scrape = probe.until(|scrape| {
        let failed = Edge::of(caller, nobody).sum(scrape, "longwire_tcp_connections_failed_total", "source");
        ensure!(failed == 25, "{failed} of 25 failures");
        Ok(scrape.clone())
    })?;
    floor.rise(&scrape)?;
    let kinds = ["close_kept", "close_aggregated", "record_dropped"];
    let [kept, aggregated, dropped] = kinds.map(|kind| scrape.of_kernel(kind));
    ensure!(kept >= 2 * LONG, "only {kept} closes waited beside the ring");
    ensure!(aggregated > 1_000, "only {aggregated} ends were added up");
    ensure!(dropped == 0, "{dropped} records were dropped");
    confirm!(scrape.sum("longwire_probe_closes_lost_total", &[]) == 0, "closes were lost")
}

#[test]
fn a_ring_that_fills_while_the_probe_stands_still_loses_nothing() -> Result<()> {
    let Cluster { machine, operator: _operator, probe } = Cluster::start(2 * PAIRS + 4, &[], &[])?;
    flood(&machine, probe, |probe| {
        probe.process().signal(Signal::SIGCONT)?;
        Ok(probe)
    })
}

#[test]
fn a_ring_that_fills_while_there_is_no_probe_loses_nothing() -> Result<()> {
    let scene = Scene::on(Machine::new(2 * PAIRS + 6, &[])?)?;
    flood(&scene.machine, scene.probe()?, |stopped| {
        drop(stopped);
        // And a successor that ends after it has read the fallback.
        drop(scene.start()?);
        scene.start()
    })
}

/// The programs of Linux 7.x are preempted anywhere. What it adds is of an epoch that was over before it continued.
#[test]
fn a_program_that_was_preempted_before_it_added_to_the_sums_is_counted() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, Pair { client, server, edge, .. }) = (scene.probe()?, &scene.pair);
    let before = scene.pair.churn(1)?;
    edge.expect(&probe, before)?;
    drop(probe);
    // A restart begins another epoch. Once it is ready it has looked for sums of the first.
    let (probe, now) = (scene.probe()?, monotonic()?);
    let key = FoldedKey {
        cgroup: cgroup::own()?,
        epoch: 1,
        netns: u32::try_from(client.netns.inode()?)?,
        kind: kind::CLOSE,
        flags: flag::ACTIVE,
        error: 0,
        port: server.address().port(),
        pad: 0,
        local: client.ipv4.to_ipv6_mapped().octets(),
        remote: server.ipv4.to_ipv6_mapped().octets(),
    };
    let sums = Folded { first: now, last: now, connections: 3, sent: 300, received: 600, ..Folded::default() };
    scene.kept.update("folded", key.as_bytes(), sums.as_bytes())?;
    let truth = before + Truth { opened: 3, closed: 3, to_server: 300, to_client: 600 };
    edge.expect_of(&probe, &[("source", truth), ("destination", before)])
}
