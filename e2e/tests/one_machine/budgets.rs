//! Beyond a budget series become overflow aggregates, and sums stay exact.

use anyhow::{Result, ensure};
use longwire_testkit::{Cluster, REPORTERS, Truth, confirm, pass};

/// The sums over all label sets.
fn expect_total(cluster: &Cluster, truth: Truth) -> Result<()> {
    cluster.probe.until(|scrape| {
        let totals = REPORTERS.map(|reporter| Truth::of(scrape, &[("reporter", reporter)]));
        confirm!(totals == [truth; 2], "{totals:?}, the truth is {truth:?}")
    })
}

#[test]
fn label_sets_beyond_the_budget_are_counted_in_overflow_and_sums_stay_exact() -> Result<()> {
    let cluster = Cluster::start(6, &[], &["--max-series", "150"])?;
    let pods = (0..6).map(|_| cluster.machine.take()).collect::<Result<Vec<_>>>()?;
    let listeners = pods.iter().map(|pod| pod.listen()).collect::<Result<Vec<_>>>()?;
    let mut truth = Truth::default();
    for client in &pods {
        for (server, listener) in pods.iter().zip(&listeners).filter(|(server, _)| server.uid != client.uid) {
            truth += client.exchange(server.address(), listener, 1_001, 2_003)?;
        }
    }
    expect_total(&cluster, truth)?;
    let scrape = cluster.probe.scrape()?;
    for reporter in REPORTERS {
        let overflow = [("reporter", reporter), ("source_workload", "overflow"), ("destination_workload", "overflow")];
        let overflowed = scrape.only("istio_tcp_connections_opened_total", &overflow)?.value;
        ensure!(overflowed > 0.0 && overflowed < 30.0, "{overflowed} of 30 connections overflowed");
    }
    Ok(())
}

#[test]
fn connections_past_the_table_are_counted_when_they_close() -> Result<()> {
    let cluster = Cluster::start(2, &[], &["--max-connections", "4"])?;
    let open = cluster.pair()?.open(20, 100)?;
    // At least 36 of the forty ends, because other sockets of the machine may fill the table.
    cluster.probe.until(|scrape| {
        let refused = scrape.sum("longwire_probe_connections_untracked_total", &[]);
        confirm!(refused >= 36, "only {refused} connections refused")
    })?;
    for (near, far) in &open {
        pass(far, near, 10)?;
    }
    drop(open);
    expect_total(&cluster, Truth { opened: 20, closed: 20, to_server: 2_000, to_client: 200 })
}
