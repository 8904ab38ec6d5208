//! A real Prometheus.

use crate::shared::cluster;
use anyhow::{Context, Result, ensure};
use longwire_e2e::edge::Edge;
use longwire_e2e::http;
use longwire_e2e::process::Process;
use longwire_e2e::traffic::exchange;
use longwire_e2e::{janitor, wait};
use serde_json::Value;
use std::time::Duration;

const PORT: u16 = 9090;

fn start() -> Result<(Process, tempfile::TempDir)> {
    let directory = janitor::temporary_directory("prometheus")?;
    let configuration = directory.path().join("prometheus.yml");
    std::fs::write(
        &configuration,
        r"global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: longwire
  static_configs:
  - targets: ['127.0.0.1:15020']
",
    )?;
    let flags = [
        "prometheus".to_owned(),
        format!("--config.file={}", configuration.display()),
        format!("--storage.tsdb.path={}", directory.path().join("data").display()),
        format!("--web.listen-address=127.0.0.1:{PORT}"),
    ];
    let prometheus =
        Process::start(&cluster().machine.node.netns, "prometheus", &flags.each_ref().map(String::as_str))?;
    Ok((prometheus, directory))
}

fn api(path: &str) -> Result<Value> {
    let response = http::get(&cluster().machine.node.netns, PORT, path, &[])?;
    ensure!(response.status == 200, "{path}: {} {}", response.status, String::from_utf8_lossy(&response.body));
    Ok(serde_json::from_slice(&response.body)?)
}

#[test]
fn prometheus_scrapes_the_probe_and_answers_with_the_right_values() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    let truth = exchange(near, far, 123_456, 654_321)?;
    Edge::of(client, server).expect(&cluster().probe, truth)?;
    let (prometheus, _directory) = start()?;
    let selector = format!("%7Breporter%3D%22source%22%2Csource_workload%3D%22{}%22%7D", client.workload);
    for (family, expected) in [
        ("istio_tcp_received_bytes_total", "123456"),
        ("istio_tcp_sent_bytes_total", "654321"),
        ("istio_tcp_connections_closed_total", "1"),
        ("longwire_tcp_connection_duration_seconds_count", "1"),
    ] {
        wait::eventually(Duration::from_secs(20), || {
            let answer = api(&format!("/api/v1/query?query={family}{selector}"))?;
            let result = answer["data"]["result"].as_array().context("no result")?;
            ensure!(result.len() == 1, "{family}: {answer}");
            ensure!(result[0]["value"][1] == expected, "{family}: {answer}");
            Ok(())
        })
        .with_context(|| prometheus.last_words())?;
    }
    let targets = api("/api/v1/targets")?;
    let target = &targets["data"]["activeTargets"][0];
    assert_eq!((&target["health"], &target["lastError"]), (&"up".into(), &"".into()));
    let kind = api("/api/v1/metadata?metric=longwire_tcp_rtt_seconds")?;
    assert_eq!(kind["data"]["longwire_tcp_rtt_seconds"][0]["type"], "histogram");
    Ok(())
}
