//! A real Prometheus. Of series that are new to it, `increase()` has all that happened, exact to the byte.
//!
//! `increase()` extrapolates to the ends of its window: to the left never beyond a sample that is 0, to the right up to
//! the time of the query. At the time of the last sample it is the last value minus the first.

use crate::replayed::Replayed;
use crate::shared::cluster;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Job, Machine, Netns, Pod, Prometheus, Scene, confirm, eventually, now};
use socket2::{Domain, Protocol};
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
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

fn of(client: &Pod) -> String {
    format!("{{source_workload=\"{}\"}}", client.workload)
}

#[test]
fn a_jobs_bytes_are_in_the_increase_of_two_replicas_and_over_a_kill_of_the_probe() -> Result<()> {
    let scene = Scene::on(Machine::new(7, &[])?)?;
    let (probe, first, machine, node) = (scene.probe()?, &scene.pair, &scene.machine, &scene.machine.node);
    // One is a pod, and two share the node's address, as with masquerading.
    let scraper = machine.take()?;
    let replicas = [
        replica(&scraper.netns, format!("{}:15020", node.gateway))?,
        replica(&node.netns, "127.0.0.1:15020".to_owned())?,
        replica(&node.netns, "localhost:15020".to_owned())?,
    ];
    first.exchange(BYTES, 500)?;
    let (client, bytes, one) = (of(&first.client), [BYTES as f64; 2], [1.0; 2]);
    expect(&replicas, &format!("{RECEIVED}{client}"), &bytes)?;
    expect(&replicas, &format!("istio_tcp_connections_closed_total{client}"), &one)?;
    expect(&replicas, &format!("longwire_tcp_connection_duration_seconds_count{client}"), &one)?;

    // Killed right after it happened, and again when some have seen it.
    let second = machine.pair()?;
    second.exchange(BYTES, 500)?;
    drop(probe);
    let probe = scene.start()?;
    thread::sleep(INTERVAL);
    drop(probe);
    let probe = scene.start()?;
    expect(&replicas, &format!("{RECEIVED}{}", of(&second.client)), &bytes)?;
    expect(&replicas, &format!("{RECEIVED}{client}"), &bytes).context("after the kills")?;

    // A client's first connect, and the first of another kind in a known label set.
    let (client, server) = machine.two()?;
    for client in [client, &second.client] {
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

#[test]
fn prometheus_scrapes_the_probe_and_answers_with_the_right_values() -> Result<()> {
    let pair = cluster().pair()?;
    pair.edge.expect(&cluster().probe, pair.exchange(123_456, 654_321)?)?;
    let jobs = [Job { name: "longwire", targets: vec!["127.0.0.1:15020".to_owned()] }];
    let prometheus = Prometheus::start(&cluster().machine.node.netns, Ipv4Addr::LOCALHOST, &jobs, &[], INTERVAL)?;
    let selector = format!("{{reporter=\"source\",source_workload=\"{}\"}}", pair.client.workload);
    for (family, expected) in [
        ("istio_tcp_received_bytes_total", 123_456.0),
        ("istio_tcp_sent_bytes_total", 654_321.0),
        ("istio_tcp_connections_closed_total", 1.0),
        ("longwire_tcp_connection_duration_seconds_count", 1.0),
    ] {
        eventually(PATIENCE, || {
            let answer = prometheus.query(&format!("{family}{selector}"), now())?;
            let values: Vec<f64> = answer.iter().map(|row| row.value).collect();
            confirm!(values == [expected], "{family}: {answer:?}")
        })
        .with_context(|| prometheus.last_words())?;
    }
    // A probe that the machine stalls for a second misses a scrape.
    eventually(PATIENCE, || {
        let targets = prometheus.ask("targets")?;
        let target = &targets["activeTargets"][0];
        confirm!(target["health"] == "up" && target["lastError"] == "", "{target}")
    })?;
    let kind = prometheus.ask("metadata?metric=longwire_tcp_rtt_seconds")?;
    assert_eq!(kind["longwire_tcp_rtt_seconds"][0]["type"], "histogram");
    Ok(())
}
