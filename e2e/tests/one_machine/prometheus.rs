//! A real Prometheus.

use crate::shared::cluster;
use anyhow::{Context, Result};
use longwire_testkit::{Edge, Job, Prometheus, confirm, now, wait};
use std::net::Ipv4Addr;
use std::time::Duration;

#[test]
fn prometheus_scrapes_the_probe_and_answers_with_the_right_values() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let truth = client.exchange(server.address(), &server.listen()?, 123_456, 654_321)?;
    Edge::of(client, server).expect(&cluster().probe, truth)?;
    let jobs = [Job { name: "longwire", targets: vec!["127.0.0.1:15020".to_owned()] }];
    let prometheus =
        Prometheus::start(&cluster().machine.node.netns, Ipv4Addr::LOCALHOST, &jobs, &[], Duration::from_secs(1))?;
    let selector = format!("{{reporter=\"source\",source_workload=\"{}\"}}", client.workload);
    for (family, expected) in [
        ("istio_tcp_received_bytes_total", 123_456.0),
        ("istio_tcp_sent_bytes_total", 654_321.0),
        ("istio_tcp_connections_closed_total", 1.0),
        ("longwire_tcp_connection_duration_seconds_count", 1.0),
    ] {
        wait::eventually(Duration::from_secs(20), || {
            let answer = prometheus.query(&format!("{family}{selector}"), now())?;
            let values: Vec<f64> = answer.iter().map(|row| row.value).collect();
            confirm!(values == [expected], "{family}: {answer:?}")
        })
        .with_context(|| prometheus.last_words())?;
    }
    let targets = prometheus.ask("targets")?;
    let target = &targets["activeTargets"][0];
    assert_eq!((&target["health"], &target["lastError"]), (&"up".into(), &"".into()));
    let kind = prometheus.ask("metadata?metric=longwire_tcp_rtt_seconds")?;
    assert_eq!(kind["longwire_tcp_rtt_seconds"][0]["type"], "histogram");
    Ok(())
}
