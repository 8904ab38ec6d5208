//! Another build takes over: one with the same layout of the pins, and one with another.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, Floor, Kept, Machine, REPORTERS, Truth, bpftool, churn, confirm, pass};
use std::fs;

const LIVE: u64 = 12;

/// Only the directory's name identifies a layout, so this looks like another build's to the successor.
fn change_layout(kept: &Kept) -> Result<()> {
    let layout = kept.layout()?;
    Ok(fs::rename(&layout, layout.with_file_name("0123456789abcdef-131072"))?)
}

#[test]
fn a_build_with_another_layout_counts_nothing_twice_and_reports_its_losses() -> Result<()> {
    let machine = Machine::new(4, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let probe = kept.ready(&machine.node.netns, &[])?;
    let live = client.open(LIVE, server.address(), &listener, 1_000)?;
    let before = churn::count(20, client, server, &listener)?;
    let known = before + Truth { opened: LIVE, to_server: LIVE * 1_000, ..Truth::default() };
    edge.expect(&probe, known)?;
    let mut floor = Floor::default();
    floor.rise(&probe.scrape()?)?;
    drop(probe);
    // These are never counted, and the successor logs so.
    churn::count(20, client, server, &listener)?;
    for (near, far) in &live {
        pass(near, far, 77)?;
    }
    change_layout(&kept)?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    probe.process().await_line("another build or size", std::time::Duration::from_secs(1))?;
    edge.expect(&probe, known)?;
    let scrape = probe.scrape()?;
    floor.rise(&scrape)?;
    let lost = |kind| scrape.sum("longwire_probe_restart_losses", &[("kind", kind)]);
    ensure!(lost("connections") >= 2 * LIVE, "{} connections lost, both ends of {LIVE} were", lost("connections"));
    // Both ends of twenty, each with the ring's header.
    ensure!(lost("record_bytes") >= 2 * 20 * 152, "{} bytes of records lost", lost("record_bytes"));
    for reporter in REPORTERS {
        let active = edge.sum(&scrape, "longwire_tcp_connections_active", reporter);
        ensure!(active == LIVE, "{active} of {LIVE} are active by {reporter}");
    }
    // After the takeover they are counted again, and each closes once.
    for (near, far) in live {
        pass(&near, &far, 5)?;
        drop((near, far));
    }
    let after = Truth { closed: LIVE, to_server: LIVE * 5, ..Truth::default() };
    edge.expect(&probe, known + after)?;
    floor.rise(&probe.scrape()?)?;
    // No program of the old build is attached any more.
    let links = fs::read_dir(kept.layout()?)?.flatten().map(|entry| entry.file_name());
    let links: Vec<_> = links.filter(|name| name.to_string_lossy().starts_with("link-")).collect();
    confirm!(links.len() == 2, "links {links:?}")
}

#[test]
fn the_programs_of_the_last_probe_count_until_those_of_the_next_do_and_then_go() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let mut truth = Truth::default();
    let mut programs = Vec::new();
    for _ in 0..3 {
        let probe = kept.ready(&machine.node.netns, &[])?;
        truth += churn::count(10, client, server, &listener)?;
        edge.expect(&probe, truth)?;
        drop(probe);
        truth += churn::count(10, client, server, &listener)?;
        let now = attached(&kept)?;
        ensure!(now.len() == 2, "programs {now:?} are attached");
        ensure!(now.iter().all(|program| !programs.contains(program)), "{now:?} are programs of before: {programs:?}");
        programs = now;
    }
    let probe = kept.ready(&machine.node.netns, &[])?;
    edge.expect(&probe, truth)
}

/// Programs behind the pinned links.
fn attached(kept: &Kept) -> Result<Vec<u64>> {
    let mut programs = Vec::new();
    for entry in fs::read_dir(kept.layout()?)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("link-") {
            let path = entry.path();
            let host = longwire_testkit::netns::Netns::new()?;
            let shown = bpftool(&host, &["link", "show", "pinned", path.to_str().context("path")?])?;
            programs.push(shown["prog_id"].as_u64().with_context(|| format!("no program in {shown}"))?);
        }
    }
    Ok(programs)
}
