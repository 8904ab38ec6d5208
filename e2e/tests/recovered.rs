//! Ends that the first tracepoint misses, as when the kernel skips a program that already runs on the CPU.

use anyhow::{Context, Result, ensure};
use longwire_e2e::edge::{Edge, Truth};
use longwire_e2e::kept::Kept;
use longwire_e2e::machine::Machine;
use longwire_e2e::traffic::{drain, pass};
use std::fs;
use std::net::Shutdown;

const LIVE: u64 = 8;

#[test]
fn a_close_that_only_the_sockets_destruction_reports_is_counted_whole() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    let live = (0..LIVE).map(|_| client.connect_to(server.address(), &listener)).collect::<Result<Vec<_>>>()?;
    for (near, far) in &live {
        pass(near, far, 1_000)?;
    }
    edge.expect(&probe, Truth { opened: LIVE, to_server: LIVE * 1_000, ..Truth::default() })?;
    let links = fs::read_dir(kept.layout()?)?.flatten().map(|entry| entry.path());
    let is_state = |path: &std::path::PathBuf| path.to_string_lossy().ends_with("-on_state");
    let pinned = links.into_iter().find(is_state).context("no link of on_state is pinned")?;
    fs::remove_file(pinned)?;
    for (near, far) in live {
        pass(&far, &near, 70)?;
        far.shutdown(Shutdown::Write)?;
        near.shutdown(Shutdown::Write)?;
        ensure!((drain(&near)?, drain(&far)?) == (0, 0), "more came than was sent");
    }
    edge.expect(&probe, Truth { opened: LIVE, closed: LIVE, to_server: LIVE * 1_000, to_client: LIVE * 70 })?;
    let recovered = probe.scrape()?.of_kernel("recovered_close");
    ensure!(recovered >= 2 * LIVE, "{recovered} ends were recovered, both of {LIVE} connections should be");
    Ok(())
}
