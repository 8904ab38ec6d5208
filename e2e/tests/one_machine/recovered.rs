//! Ends that the first tracepoint misses, as when the kernel skips a program that already runs on the CPU.

use anyhow::{Result, ensure};
use longwire_testkit::{Edge, Kept, Machine, Truth, confirm, drain, pass};
use std::net::Shutdown;

const LIVE: u64 = 8;

#[test]
fn a_close_that_only_the_sockets_destruction_reports_is_counted_whole() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let probe = kept.ready(&machine.node.netns, &[])?;
    let live = client.open(LIVE, server.address(), &listener, 1_000)?;
    edge.expect(&probe, Truth { opened: LIVE, to_server: LIVE * 1_000, ..Truth::default() })?;
    kept.detach_first_tracepoint()?;
    for (near, far) in live {
        pass(&far, &near, 70)?;
        far.shutdown(Shutdown::Write)?;
        near.shutdown(Shutdown::Write)?;
        ensure!((drain(&near)?, drain(&far)?) == (0, 0), "more came than was sent");
    }
    edge.expect(&probe, Truth { opened: LIVE, closed: LIVE, to_server: LIVE * 1_000, to_client: LIVE * 70 })?;
    let recovered = probe.scrape()?.of_kernel("recovered_close");
    confirm!(recovered >= 2 * LIVE, "{recovered} ends were recovered, both of {LIVE} connections should be")
}
