//! Programs without a probe stop following new connections, and a probe that returns adopts these.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, Floor, Kept, Machine, Netns, Truth, bpftool, churn, confirm, pass};
use nix::time::{ClockId, clock_gettime};

/// Nanoseconds; longer than the programs wait for a probe.
const LONG_AGO: u64 = 901_000_000_000;

/// Sets `alive`, the second field of `struct control`, to long ago. It may be negative on a machine with a short
/// uptime; both sides use wrapping arithmetic.
fn abandon(kept: &Kept) -> Result<()> {
    let (here, pin) = (Netns::new()?, kept.layout()?.join("control"));
    let pin = pin.to_str().context("path")?;
    let shown = bpftool(&here, &["map", "dump", "pinned", pin])?;
    let bytes = shown[0]["value"].as_array().with_context(|| format!("no value in {shown}"))?;
    let mut value: Vec<&str> = bytes.iter().filter_map(serde_json::Value::as_str).collect();
    ensure!(value.len() == 56, "{} bytes in {shown}", value.len());
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    let now = u64::try_from(now.tv_sec())? * 1_000_000_000 + u64::try_from(now.tv_nsec())?;
    let alive = now.wrapping_sub(LONG_AGO).to_le_bytes().map(|byte| format!("{byte:#04x}"));
    for (to, byte) in value[8..16].iter_mut().zip(&alive) {
        *to = byte;
    }
    let update = [&["map", "update", "pinned", pin, "key", "0", "0", "0", "0", "value"], &value[..]].concat();
    bpftool(&here, &update).map(drop)
}

#[test]
fn what_begins_while_no_probe_shows_itself_for_long_is_adopted_by_the_next() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let probe = kept.ready(&machine.node.netns, &[])?;
    let known = [(); 2].map(|()| client.connect_to(server.address(), &listener));
    let [stays, goes] = known.map(|connection| connection.expect("a connection"));
    pass(&stays.0, &stays.1, 1_000)?;
    pass(&goes.0, &goes.1, 2_000)?;
    let mut truth = Truth { opened: 2, to_server: 3_000, ..Truth::default() };
    edge.expect(&probe, truth)?;
    let mut floor = Floor::default();
    floor.rise(&probe.scrape()?)?;
    drop(probe);
    abandon(&kept)?;
    // Not followed: connections that begin and end, and those that begin and stay.
    churn::count(15, client, server, &listener)?;
    let new = client.connect_to(server.address(), &listener)?;
    pass(&new.0, &new.1, 500)?;
    // Followed to its end: a connection that was known.
    pass(&goes.0, &goes.1, 30)?;
    drop(goes);
    pass(&stays.0, &stays.1, 4)?;
    truth += Truth { opened: 0, closed: 1, to_server: 34, to_client: 0 };
    let probe = kept.ready(&machine.node.netns, &[])?;
    edge.expect(&probe, truth)?;
    pass(&new.0, &new.1, 7)?;
    drop(new);
    truth += Truth { opened: 0, closed: 1, to_server: 7, to_client: 0 };
    edge.expect(&probe, truth)?;
    let scrape = probe.scrape()?;
    floor.rise(&scrape)?;
    // Both ends of each.
    let inert = scrape.of_kernel("inert");
    confirm!(inert >= 2 * 16, "only {inert} connections were not followed")
}
