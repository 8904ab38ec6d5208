//! Programs without a probe stop following new connections, and a probe that returns adopts these.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Floor, Kept, Scene, Truth, confirm, monotonic, pass};

/// Nanoseconds; longer than the programs wait for a probe.
const LONG_AGO: u64 = 901_000_000_000;

/// Sets `alive`, the second field of `struct control`, to long ago. It may be negative on a machine with a short
/// uptime; both sides use wrapping arithmetic.
fn abandon(kept: &Kept) -> Result<()> {
    let mut control = kept.values("control")?.pop().context("no control")?;
    ensure!(control.len() == 56, "{} bytes in {control:?}", control.len());
    control[8..16].copy_from_slice(&monotonic()?.wrapping_sub(LONG_AGO).to_le_bytes());
    kept.update("control", &[0; 4], &control)
}

#[test]
fn what_begins_while_no_probe_shows_itself_for_long_is_adopted_by_the_next() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, pair, edge) = (scene.probe()?, &scene.pair, &scene.pair.edge);
    let (stays, goes) = (pair.connect()?, pair.connect()?);
    pass(&stays.0, &stays.1, 1_000)?;
    pass(&goes.0, &goes.1, 2_000)?;
    let mut truth = Truth { opened: 2, to_server: 3_000, ..Truth::default() };
    edge.expect(&probe, truth)?;
    let mut floor = Floor::default();
    floor.rise(&probe.scrape()?)?;
    drop(probe);
    abandon(&scene.kept)?;
    // Not followed: connections that begin and end, and those that begin and stay.
    pair.churn(15)?;
    let new = pair.connect()?;
    pass(&new.0, &new.1, 500)?;
    // Followed to its end: a connection that was known.
    pass(&goes.0, &goes.1, 30)?;
    drop(goes);
    pass(&stays.0, &stays.1, 4)?;
    truth += Truth { opened: 0, closed: 1, to_server: 34, to_client: 0 };
    let probe = scene.probe()?;
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
