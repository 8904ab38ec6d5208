//! More ended connections than the ring holds, without a reader.

use anyhow::{Context, Result, ensure};
use longwire_pipeline::record::{Folded, FoldedKey, flag, kind};
use longwire_testkit::{Edge, Floor, Kept, Machine, Probe, Truth, bpftool, cgroup, churn, confirm, pass};
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_gettime};
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::Duration;
use zerocopy::IntoBytes;

/// Both ends of each make a record; the ring holds 27,000.
const SHORT: usize = 9_000;
const PAIRS: usize = 2;
const LONG: u64 = 40;

/// Without a reader: short connections fill the ring, refused ones find it full, and long ones that were sampled send
/// and close.
fn flood(machine: &Machine, probe: Probe, meanwhile: impl FnOnce(Probe) -> Result<Probe>) -> Result<()> {
    let (holder, held) = machine.pair()?;
    let listener = held.listen()?;
    let long = holder.open(LONG, held.address(), &listener, 1_000)?;
    let (long_edge, mut floor) = (Edge::of(holder, held), Floor::default());
    let opened = Truth { opened: LONG, to_server: LONG * 1_000, ..Truth::default() };
    long_edge.expect(&probe, opened)?;
    floor.rise(&probe.scrape()?)?;
    let pairs = (0..PAIRS).map(|_| machine.pair()).collect::<Result<Vec<_>>>()?;
    let (caller, nobody) = machine.pair()?;
    let mut truths = Vec::new();
    let during = || -> Result<()> {
        truths = thread::scope(|scope| {
            let churns: Vec<_> = pairs
                .iter()
                .map(|(client, server)| scope.spawn(|| churn::count(SHORT, client, server, &server.listen()?)))
                .collect();
            churns.into_iter().map(|churn| churn.join().expect("a churn")).collect::<Result<Vec<_>>>()
        })?;
        for (near, far) in long {
            pass(&near, &far, 234)?;
            drop(far);
            drop(near);
        }
        for _ in 0..25 {
            ensure!(caller.connect(nobody.address()).is_err(), "somebody listens");
        }
        Ok(())
    };
    probe.process().signal(Signal::SIGSTOP)?;
    during()?;
    let probe = meanwhile(probe)?;
    probe.await_ready()?;
    for ((client, server), truth) in pairs.iter().zip(&truths) {
        Edge::of(client, server).expect(&probe, *truth)?;
    }
    long_edge.expect(&probe, Truth { opened: LONG, closed: LONG, to_server: LONG * 1_234, to_client: 0 })?;
    let scrape = probe.until(|scrape| {
        let failed = Edge::of(caller, nobody).sum(scrape, "longwire_tcp_connections_failed_total", "source");
        ensure!(failed == 25, "{failed} of 25 failures");
        Ok(scrape.clone())
    })?;
    floor.rise(&scrape)?;
    let losses = |kind| scrape.of_kernel(kind);
    ensure!(losses("close_kept") >= 2 * LONG, "only {} closes waited beside the ring", losses("close_kept"));
    ensure!(losses("close_aggregated") > 1_000, "only {} ends were added up", losses("close_aggregated"));
    ensure!(losses("record_dropped") == 0, "{} records were dropped", losses("record_dropped"));
    confirm!(scrape.sum("longwire_probe_closes_lost_total", &[]) == 0, "closes were lost")
}

#[test]
fn a_ring_that_fills_while_the_probe_stands_still_loses_nothing() -> Result<()> {
    let machine = Machine::new(2 * PAIRS + 4, &[])?;
    let _operator = machine.operator()?;
    let probe = Probe::ready(&machine.node.netns, &[])?;
    flood(&machine, probe, |probe| {
        probe.process().signal(Signal::SIGCONT)?;
        Ok(probe)
    })
}

#[test]
fn a_ring_that_fills_while_there_is_no_probe_loses_nothing() -> Result<()> {
    let machine = Machine::new(2 * PAIRS + 4, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let probe = kept.ready(&machine.node.netns, &[])?;
    flood(&machine, probe, |stopped| {
        drop(stopped);
        // And a successor that ends after it has read the fallback.
        drop(kept.start(&machine.node.netns, &[])?);
        kept.start(&machine.node.netns, &[])
    })
}

/// The programs of Linux 7.x are preempted anywhere. What it adds is of an epoch that was over before it continued.
#[test]
fn a_program_that_was_preempted_before_it_added_to_the_sums_is_counted() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    let before = churn::count(1, client, server, &server.listen()?)?;
    Edge::of(client, server).expect(&probe, before)?;
    drop(probe);
    // A restart begins another epoch. Once it is ready it has looked for sums of the first.
    let probe = kept.ready(&machine.node.netns, &[])?;
    let now = u64::try_from(Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?).as_nanos())?;
    let key = FoldedKey {
        cgroup: cgroup::own()?,
        epoch: 1,
        netns: u32::try_from(client.netns.inode()?)?,
        kind: kind::CLOSE,
        flags: flag::ACTIVE,
        error: 0,
        port: server.address().port(),
        pad: 0,
        local: mapped(client.address()),
        remote: mapped(server.address()),
    };
    let sums = Folded { first: now, last: now, connections: 3, sent: 300, received: 600, ..Folded::default() };
    let path = kept.layout()?.join("folded");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let (key, sums) = (hex(key.as_bytes()), hex(sums.as_bytes()));
    let mut line = vec!["map", "update", "pinned", path.to_str().context("path")?, "key", "hex"];
    line.extend(key.iter().map(String::as_str));
    line.extend(["value", "hex"]);
    line.extend(sums.iter().map(String::as_str));
    bpftool(&machine.node.netns, &line)?;
    let truth = before + Truth { opened: 3, closed: 3, to_server: 300, to_client: 600 };
    Edge::of(client, server).expect_of(&probe, &[("source", truth), ("destination", before)])
}

fn mapped(address: SocketAddr) -> [u8; 16] {
    match address.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}
