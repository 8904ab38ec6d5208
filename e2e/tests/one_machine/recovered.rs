//! Ends that the first tracepoint misses, as when the kernel skips a program that already runs on the CPU.

use anyhow::Result;
use longwire_testkit::{Scene, Truth, close, confirm, pass};

const LIVE: u64 = 8;

#[test]
fn a_close_that_only_the_sockets_destruction_reports_is_counted_whole() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, edge) = (scene.probe()?, &scene.pair.edge);
    let live = scene.pair.open(LIVE, 1_000)?;
    edge.expect(&probe, Truth { opened: LIVE, to_server: LIVE * 1_000, ..Truth::default() })?;
    scene.kept.detach("on_state")?;
    for (near, far) in live {
        pass(&far, &near, 70)?;
        close(&far, &near)?;
    }
    edge.expect(&probe, Truth { opened: LIVE, closed: LIVE, to_server: LIVE * 1_000, to_client: LIVE * 70 })?;
    let recovered = probe.scrape()?.of_kernel("recovered_close");
    confirm!(recovered >= 2 * LIVE, "{recovered} ends were recovered, both of {LIVE} connections should be")
}
