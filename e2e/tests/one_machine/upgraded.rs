//! Another build takes over: one with the same layout of the pins, and one with another.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Floor, Kept, Netns, REPORTERS, Scene, Truth, bpftool, confirm, pass};
use std::fs;
use std::path::PathBuf;

const LIVE: u64 = 12;

#[test]
fn a_build_with_another_layout_counts_nothing_twice_and_reports_its_losses() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, pair, edge) = (scene.probe()?, &scene.pair, &scene.pair.edge);
    let live = pair.open(LIVE, 1_000)?;
    let known = pair.churn(20)? + Truth { opened: LIVE, to_server: LIVE * 1_000, ..Truth::default() };
    edge.expect(&probe, known)?;
    let mut floor = Floor::default();
    floor.rise(&probe.scrape()?)?;
    drop(probe);
    // These are never counted, and the successor logs so.
    pair.churn(20)?;
    for (near, far) in &live {
        pass(near, far, 77)?;
    }
    // Only the directory's name identifies a layout, so this looks like another build's to the successor.
    let layout = scene.kept.layout()?;
    fs::rename(&layout, layout.with_file_name("0123456789abcdef-131072"))?;
    let probe = scene.probe()?;
    probe.process().await_line("another build or size", std::time::Duration::from_secs(60))?;
    edge.expect(&probe, known)?;
    let scrape = probe.scrape()?;
    floor.rise(&scrape)?;
    let [connections, bytes] = ["connections", "record_bytes"].map(|kind| scrape.lost_at_restart(kind));
    ensure!(connections >= 2 * LIVE, "{connections} connections lost, both ends of {LIVE} were");
    // Both ends of twenty, each with the ring's header.
    ensure!(bytes >= 2 * 20 * 152, "{bytes} bytes of records lost");
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
    let links = scene.kept.links()?;
    confirm!(links.len() == 2, "links {links:?}")
}

#[test]
fn the_programs_of_the_last_probe_count_until_those_of_the_next_do_and_then_go() -> Result<()> {
    let scene = Scene::new()?;
    let (pair, mut truth, mut programs) = (&scene.pair, Truth::default(), Vec::new());
    for _ in 0..3 {
        let probe = scene.probe()?;
        truth += pair.churn(10)?;
        pair.edge.expect(&probe, truth)?;
        drop(probe);
        truth += pair.churn(10)?;
        let now = attached(&scene.kept)?;
        ensure!(now.len() == 2, "programs {now:?} are attached");
        ensure!(now.iter().all(|program| !programs.contains(program)), "{now:?} are programs of before: {programs:?}");
        programs = now;
    }
    pair.edge.expect(&scene.probe()?, truth)
}

/// Programs behind the pinned links.
fn attached(kept: &Kept) -> Result<Vec<u64>> {
    let netns = Netns::new()?;
    let program = |link: PathBuf| {
        let shown = bpftool(&netns, &["link", "show", "pinned", link.to_str().context("path")?])?;
        shown["prog_id"].as_u64().with_context(|| format!("no program in {shown}"))
    };
    kept.links()?.into_iter().map(program).collect()
}
