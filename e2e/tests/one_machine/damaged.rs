//! A saved state with an unreadable item: only this item is dropped, with a log line, and all others are restored.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, Kept, Probe, REPORTERS, Scene, Truth, confirm, pass};
use std::fs;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

const LIVE: u64 = 5;

/// Bytes before the items.
const HEADER: usize = 72;
/// Numbers of kinds of items.
const SERVICE_SET: u8 = 11;
const CONNECTION: u8 = 15;

/// Empties the last item of this kind, with a valid checksum.
fn damage(kept: &Kept, kind: u8) -> Result<()> {
    let path = kept.state().join("state");
    let file = fs::read(&path)?;
    let body = &file[..file.len() - 8];
    let (mut at, mut found) = (HEADER, None);
    while at < body.len() {
        let length = u32::from_le_bytes(body[at..at + 4].try_into()?);
        let end = at + 4 + usize::try_from(length)?;
        if body[at + 4] == kind {
            found = Some((at, end));
        }
        at = end;
    }
    let (start, end) = found.with_context(|| format!("no item of kind {kind}"))?;
    let damaged = [&body[..start], &1_u32.to_le_bytes(), &[kind], &body[end..]].concat();
    Ok(fs::write(&path, [&damaged[..], &xxh3_64(&damaged).to_le_bytes()].concat())?)
}

/// The values of both reporters after a restart, where they were `known` before, and further checks.
fn restarted(kind: u8, look: impl Fn(&Probe, &Edge, Truth, Truth) -> Result<()>) -> Result<()> {
    let scene = Scene::new()?;
    let (probe, pair, edge) = (scene.probe()?, &scene.pair, &scene.pair.edge);
    let live = pair.open(LIVE, 1_000)?;
    let known = pair.churn(10)? + Truth { opened: LIVE, to_server: LIVE * 1_000, ..Truth::default() };
    edge.expect(&probe, known)?;
    drop(probe);
    damage(&scene.kept, kind)?;
    let probe = scene.probe()?;
    let line = probe.process().await_line("some items of the saved state cannot be used", Duration::from_secs(60))?;
    ensure!(line.contains("cannot be read"), "{line}");
    for (near, far) in live {
        pass(&near, &far, 5)?;
        drop((near, far));
    }
    look(&probe, edge, known, Truth { closed: LIVE, to_server: LIVE * 5, ..Truth::default() })
}

#[test]
fn a_label_set_that_cannot_be_read_begins_at_0_and_the_other_goes_on() -> Result<()> {
    restarted(SERVICE_SET, |probe, edge, known, after| {
        probe.until(|scrape| {
            let mut said = REPORTERS.map(|reporter| edge.reported(scrape, reporter));
            said.sort_by_key(|truth| truth.opened);
            confirm!(said == [after, known + after], "{said:?}, {known:?} and then {after:?}")
        })?;
        let scrape = probe.scrape()?;
        let lost = ["label_sets", "connections"].map(|kind| scrape.lost_at_restart(kind));
        confirm!(lost == [1, 0], "{lost:?} were lost\n{}", probe.process().last_words())
    })
}

#[test]
fn with_a_connection_that_cannot_be_read_all_counters_go_on_and_what_lives_is_counted_once() -> Result<()> {
    restarted(CONNECTION, |probe, edge, known, after| {
        edge.expect(probe, known + after)?;
        // The unreadable one, both ends of the others, and other connections of this kernel.
        let connections = probe.scrape()?.lost_at_restart("connections");
        ensure!(connections >= 2 * LIVE, "{connections} connections lost, both ends of {LIVE} were");
        probe.process().await_line("live connections are adopted again", Duration::from_secs(60)).map(drop)
    })
}
