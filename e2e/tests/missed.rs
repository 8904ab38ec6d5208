//! Connections whose beginning the programs missed, as with preemption: they are counted whole.

use anyhow::{Context, Result, ensure};
use longwire_e2e::churn;
use longwire_e2e::edge::{Edge, Truth};
use longwire_e2e::kept::Kept;
use longwire_e2e::machine::Machine;
use longwire_e2e::probe::Probe;
use longwire_e2e::traffic::{drain, exchange, pass, send};
use longwire_e2e::wait::eventually;
use std::fs;
use std::net::Shutdown;

const SHORT: usize = 40;
const LIVE: u64 = 6;

/// Detaches the first tracepoint.
fn blind(kept: &Kept) -> Result<()> {
    let links = fs::read_dir(kept.layout()?)?.flatten().map(|entry| entry.path());
    let is_state = |path: &std::path::PathBuf| path.to_string_lossy().ends_with("-on_state");
    let pinned = links.into_iter().find(is_state).context("no link of on_state is pinned")?;
    Ok(fs::remove_file(pinned)?)
}

fn losses(probe: &Probe, kind: &str) -> Result<u64> {
    Ok(probe.scrape()?.of_kernel(kind))
}

#[test]
fn a_connection_first_seen_at_its_sockets_destruction_is_counted_whole_and_once() -> Result<()> {
    let machine = Machine::new(4, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let ((client, server), (caller, called)) = (machine.pair()?, machine.pair()?);
    let (listener, refusing) = (server.listen()?, called.listen()?);
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    let before = churn::count(5, client, server, &listener)?;
    Edge::of(client, server).expect(&probe, before)?;
    blind(&kept)?;
    let truth = before + churn::count(SHORT, client, server, &listener)?;
    Edge::of(client, server).expect(&probe, truth)?;
    // Sockets that never connected, and listeners, do not count.
    drop(refusing);
    for _ in 0..5 {
        ensure!(caller.connect(called.address()).is_err(), "somebody listens");
    }
    ensure!(losses(&probe, "missed_open")? >= 2 * SHORT as u64, "not counted as missed");
    Edge::of(caller, called).expect_of(&probe, &[("source", Truth::default()), ("destination", Truth::default())])
}

#[test]
fn one_that_lives_is_found_by_the_next_probe_and_was_opened_once() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    blind(&kept)?;
    let live = (0..LIVE).map(|_| client.connect_to(server.address(), &listener)).collect::<Result<Vec<_>>>()?;
    for (near, far) in &live {
        pass(near, far, 1_000)?;
    }
    drop(probe);
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    edge.expect(&probe, Truth { opened: LIVE, closed: 0, to_server: LIVE * 1_000, to_client: 0 })?;
    for (near, far) in live {
        exchange(near, far, 5, 70)?;
    }
    edge.expect(&probe, Truth { opened: LIVE, closed: LIVE, to_server: LIVE * 1_005, to_client: LIVE * 70 })
}

/// A connection that waits for accept() is in no process's files.
#[test]
fn a_connection_whose_first_event_is_its_close_is_counted_whole() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let listener = server.listen()?;
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    blind(&kept)?;
    let near = client.connect(server.address())?;
    send(&near, 1_000)?;
    drop(probe);
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    let far = listener.accept()?.0;
    pass(&far, &near, 30)?;
    near.shutdown(Shutdown::Write)?;
    eventually(std::time::Duration::from_secs(5), || {
        ensure!(drain(&far)? == 1_000);
        Ok(())
    })?;
    drop((far, near));
    let truth = Truth::whole(1_000, 30);
    Edge::of(client, server).expect(&probe, truth)
}
