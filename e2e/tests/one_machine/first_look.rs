//! Series that are new to a real Prometheus: `increase()` has all that happened, exact to the byte.
//!
//! `increase()` extrapolates to the ends of its window: to the left never beyond a sample that is 0, to the right up to
//! the time of the query. At the time of the last sample it is the last value minus the first.

use crate::replayed::Replayed;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Job, Kept, Machine, Netns, Pod, Prometheus, confirm, eventually, now};
use socket2::{Domain, Protocol};
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(1);
const RECEIVED: &str = "istio_tcp_received_bytes_total";
const BYTES: u64 = 10_000_000;

/// Increases of the last minute of the matching series, sorted.
fn increases(prometheus: &Prometheus, series: &str) -> Result<Vec<f64>> {
    let mut increases = Vec::new();
    for last in prometheus.query(&format!("timestamp({series})"), now())? {
        let labels: Vec<_> = last.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let name = series.split('{').next().context("no name")?;
        let one = format!("increase({name}{{{}}}[1m])", labels.join(","));
        increases.extend(prometheus.query(&one, last.value)?.iter().map(|row| row.value));
    }
    increases.sort_by(f64::total_cmp);
    Ok(increases)
}

fn expect(replicas: &[Prometheus], series: &str, due: &[f64]) -> Result<()> {
    for (replica, number) in replicas.iter().zip(1..) {
        eventually(PATIENCE, || {
            let found = increases(replica, series)?;
            confirm!(found == due, "replica {number}: {series} has increased by {found:?}, not by {due:?}")
        })
        .with_context(|| replica.last_words())?;
    }
    Ok(())
}

/// It has scraped at least twice, and the probe has saved that.
fn replica(netns: &Netns, target: String) -> Result<Prometheus> {
    let jobs = [Job { name: "longwire", targets: vec![target] }];
    let prometheus = Prometheus::start(netns, Ipv4Addr::LOCALHOST, &jobs, &[], INTERVAL)?;
    eventually(PATIENCE, || {
        let count = prometheus.query("count_over_time(longwire_probe_passes_total[1m])", now())?;
        confirm!(count.iter().any(|row| row.value >= 4.0), "it has not scraped often enough: {count:?}")
    })?;
    Ok(prometheus)
}

fn job(client: &Pod, server: &Pod) -> Result<()> {
    client.exchange(server.address(), &server.listen()?, BYTES, 500).map(drop)
}

fn of(client: &Pod) -> String {
    format!("{{source_workload=\"{}\"}}", client.workload)
}

#[test]
fn a_jobs_bytes_are_in_the_increase_of_two_replicas_and_over_a_kill_of_the_probe() -> Result<()> {
    let machine = Machine::new(9, &[])?;
    let (_operator, kept, node) = (machine.operator()?, Kept::new()?, &machine.node);
    let probe = kept.ready(&node.netns, &[])?;
    // One is a pod, and two share the node's address, as with masquerading.
    let scraper = machine.take()?;
    let replicas = [
        replica(&scraper.netns, format!("{}:15020", node.gateway))?,
        replica(&node.netns, "127.0.0.1:15020".to_owned())?,
        replica(&node.netns, "localhost:15020".to_owned())?,
    ];
    let (client, server) = machine.pair()?;
    job(client, server)?;
    let (bytes, one) = ([BYTES as f64; 2], [1.0; 2]);
    expect(&replicas, &format!("{RECEIVED}{}", of(client)), &bytes)?;
    expect(&replicas, &format!("istio_tcp_connections_closed_total{}", of(client)), &one)?;
    expect(&replicas, &format!("longwire_tcp_connection_duration_seconds_count{}", of(client)), &one)?;

    // Killed right after it happened, and again when some have seen it.
    let (second, server) = machine.pair()?;
    job(second, server)?;
    drop(probe);
    let probe = kept.start(&node.netns, &[])?;
    thread::sleep(INTERVAL);
    drop(probe);
    let probe = kept.start(&node.netns, &[])?;
    expect(&replicas, &format!("{RECEIVED}{}", of(second)), &bytes)?;
    expect(&replicas, &format!("{RECEIVED}{}", of(client)), &bytes).context("after the kills")?;

    // A client's first connect, and the first of another kind in a known label set.
    let (client, server) = machine.pair()?;
    for client in [client, second] {
        let socket = client.socket(Domain::IPV4, Protocol::TCP)?;
        ensure!(socket.connect(&server.address().into()).is_err(), "somebody listens");
        let failed = format!("{{source_workload=\"{}\",reason=\"refused\"}}", client.workload);
        expect(&replicas, &format!("longwire_tcp_connections_failed_total{failed}"), &[1.0])?;
    }
    drop(probe);
    Ok(())
}

#[test]
fn a_label_set_that_expired_and_came_back_is_in_the_increase_each_time() -> Result<()> {
    let page = Replayed::start()?;
    let netns = Netns::of_this_thread()?;
    let jobs = [Job { name: "replayed", targets: vec![page.address().to_string()] }];
    let replicas = [Prometheus::start(&netns, Ipv4Addr::LOCALHOST, &jobs, &[], INTERVAL)?];
    page.await_scrapes(3)?;
    let mut sum = 0.0;
    for bytes in [5_000_000_u32, 7_000_000, 6_000_000] {
        page.job(bytes.into());
        // All of them are within the last minute.
        sum += f64::from(bytes);
        expect(&replicas, RECEIVED, &[sum])?;
        page.expire();
        // Stale in Prometheus too, so the last seconds have nothing of it.
        page.await_scrapes(2)?;
        eventually(PATIENCE, || {
            let left = replicas[0].query(RECEIVED, now())?;
            confirm!(left.is_empty(), "it is still there: {left:?}")
        })?;
        ensure!(!page.shows(RECEIVED), "it did not expire");
    }
    Ok(())
}
