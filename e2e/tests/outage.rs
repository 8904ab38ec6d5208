//! More ended connections than the ring holds, without a reader.

use anyhow::{Result, ensure};
use longwire_e2e::churn;
use longwire_e2e::edge::{Edge, Truth};
use longwire_e2e::floor::Floor;
use longwire_e2e::kept::Kept;
use longwire_e2e::machine::Machine;
use longwire_e2e::probe::Probe;
use longwire_e2e::traffic::pass;
use nix::sys::signal::Signal;
use std::thread;

/// Both ends of each make a record; the ring holds 27,000.
const SHORT: usize = 9_000;
const PAIRS: usize = 2;
const LONG: u64 = 40;

/// Without a reader: short connections fill the ring, refused ones find it full, and long ones that were sampled send
/// and close.
fn flood(machine: &Machine, probe: Probe, meanwhile: impl FnOnce(Probe) -> Result<Probe>) -> Result<()> {
    let (holder, held) = machine.pair()?;
    let listener = held.listen()?;
    let long = (0..LONG).map(|_| holder.connect_to(held.address(), &listener)).collect::<Result<Vec<_>>>()?;
    for (near, far) in &long {
        pass(near, far, 1_000)?;
    }
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
    ensure!(scrape.sum("longwire_probe_closes_lost_total", &[]) == 0, "closes were lost");
    Ok(())
}

#[test]
fn a_ring_that_fills_while_the_probe_stands_still_loses_nothing() -> Result<()> {
    let machine = Machine::new(2 * PAIRS + 4, &[])?;
    let _operator = machine.operator()?;
    let probe = Probe::start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    flood(&machine, probe, |probe| {
        probe.process().signal(Signal::SIGCONT)?;
        Ok(probe)
    })
}

#[test]
fn a_ring_that_fills_while_there_is_no_probe_loses_nothing() -> Result<()> {
    let machine = Machine::new(2 * PAIRS + 4, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    flood(&machine, probe, |stopped| {
        drop(stopped);
        // And a successor that ends after it has read the fallback.
        drop(kept.start(&machine.node.netns, &[])?);
        kept.start(&machine.node.netns, &[])
    })
}
