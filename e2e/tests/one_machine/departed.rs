//! Long connections after their end.

use anyhow::{Result, ensure};
use longwire_testkit::{Cluster, Edge, REPORTERS, Scrape, Truth, confirm, pass, pass_both};
use std::thread;
use std::time::Duration;

/// Least time for which the last value stays.
const KEPT: Duration = Duration::from_secs(60);

/// The connection's own series: sent and received by one reporter.
fn connection(edge: &Edge, scrape: &Scrape, reporter: &str) -> (u64, u64) {
    let sum = |family: &str| edge.sum(scrape, family, reporter);
    (sum("kmesh_tcp_connection_sent_bytes_total"), sum("kmesh_tcp_connection_received_bytes_total"))
}

#[test]
fn the_last_value_of_a_long_connection_is_in_the_next_two_scrapes_and_then_its_series_goes() -> Result<()> {
    let cluster = Cluster::start(2, &[], &[])?;
    let (pair, probe) = (cluster.pair()?, &cluster.probe);
    let (edge, (near, far)) = (&pair.edge, pair.connect()?);
    pass(&near, &far, 1_000)?;
    probe.until(|scrape| {
        let counted = REPORTERS.map(|reporter| connection(edge, scrape, reporter));
        confirm!(counted == [(1_000, 0), (0, 1_000)], "{counted:?}")
    })?;
    pass_both(&near, &far, 2_000, 4_000)?;
    drop((near, far));
    // No scrape for a minute, as with a Prometheus that is unreachable.
    thread::sleep(KEPT + Duration::from_secs(2));
    for _ in 0..2 {
        let scrape = probe.scrape()?;
        let last = REPORTERS.map(|reporter| connection(edge, &scrape, reporter));
        ensure!(last == [(3_000, 4_000), (4_000, 3_000)], "{last:?}");
    }
    probe.until(|scrape| {
        let left = scrape.samples.iter().filter(|sample| sample.name.starts_with("kmesh_tcp_connection_"));
        let left = left.filter(|sample| sample.labels["source_workload"] == pair.client.workload).count();
        confirm!(left == 0, "{left} series are still there")
    })?;
    edge.expect(probe, Truth::whole(3_000, 4_000))
}

#[test]
fn a_short_connection_has_no_series_of_its_own() -> Result<()> {
    let cluster = crate::shared::cluster();
    let pair = cluster.pair()?;
    let (edge, truth) = (&pair.edge, pair.exchange(10, 20)?);
    edge.expect(&cluster.probe, truth)?;
    let scrape = cluster.probe.scrape()?;
    ensure!(REPORTERS.map(|reporter| connection(edge, &scrape, reporter)) == [(0, 0), (0, 0)]);
    Ok(())
}
