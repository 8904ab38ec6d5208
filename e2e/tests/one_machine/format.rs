//! The body of a scrape, in every requested format.

use crate::shared::{HOSTILE, cluster};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, Format, Scrape, command, confirm, http::Response};

const OPEN_METRICS: &str = "Accept: application/openmetrics-text;version=1.0.0";

fn get(headers: &[&str]) -> Result<Response> {
    let response = cluster().probe.get("/metrics", headers)?;
    ensure!(response.status == 200, "{}", response.status);
    Ok(response)
}

/// An edge into the pod with the hostile label.
fn connect_to_hostile() -> Result<Edge> {
    let (client, server) = (cluster().machine.take()?, cluster().machine.pod("hostile")?);
    // Any port, because several tests call this at a time.
    let listener = server.listen_on((server.ipv4, 0))?;
    let truth = client.exchange(listener.local_addr()?, &listener, 11, 22)?;
    let edge = Edge::of(client, server);
    edge.expect(&cluster().probe, truth)?;
    Ok(edge)
}

#[test]
fn hostile_label_values_are_escaped_as_both_formats_say() -> Result<()> {
    let edge = connect_to_hostile()?;
    let open_metrics = String::from_utf8(get(&[OPEN_METRICS])?.body)?;
    for (body, format) in [(cluster().probe.text()?, Format::Text), (open_metrics, Format::OpenMetrics)] {
        let scrape = Scrape::parse(&body, format)?;
        let sets = edge.label_sets(&scrape, "source");
        let labels = sets.first().context("no label set")?;
        assert_eq!(labels["destination_canonical_service"], HOSTILE);
        assert_eq!(labels["destination_app"], HOSTILE);
    }
    let said = command::feed("promtool", &["check", "metrics"], cluster().probe.text()?.as_bytes())?;
    assert_eq!(said, "");
    Ok(())
}

/// promtool reads OpenMetrics only if every sample has a timestamp.
#[test]
fn promtool_takes_the_openmetrics_text() -> Result<()> {
    connect_to_hostile()?;
    let text = String::from_utf8(get(&[OPEN_METRICS])?.body)?;
    let timed = |line: &str| if line.starts_with('#') { format!("{line}\n") } else { format!("{line} 1700000000\n") };
    let directory = tempfile::tempdir()?;
    let (input, blocks) = (directory.path().join("scrape"), directory.path().join("blocks"));
    std::fs::write(&input, text.lines().map(timed).collect::<String>())?;
    let paths = [&input, &blocks].map(|path| path.to_str().context("path"));
    let [input, blocks] = paths;
    let said = command::run("promtool", &["tsdb", "create-blocks-from", "openmetrics", input?, blocks?])?;
    confirm!(said.contains("BLOCK ULID"), "no block was made: {said}")
}

#[test]
fn the_content_type_is_the_formats_that_was_asked_for() -> Result<()> {
    for (accept, expected) in [
        ("Accept: text/plain", "text/plain; version=0.0.4; charset=utf-8"),
        ("Accept: */*", "text/plain; version=0.0.4; charset=utf-8"),
        (OPEN_METRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ] {
        assert_eq!(get(&[accept])?.header("content-type"), Some(expected), "{accept}");
    }
    Ok(())
}

#[test]
fn a_compressed_scrape_is_the_same_text() -> Result<()> {
    let response = get(&["Accept-Encoding: gzip"])?;
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    let body = command::feed("gzip", &["-dc"], &response.body)?;
    confirm!(!Scrape::parse(&body, Format::Text)?.samples.is_empty(), "an empty scrape")
}

#[test]
fn istios_own_path_serves_the_same_families() -> Result<()> {
    let names = |path: &str| -> Result<Vec<String>> {
        let response = cluster().probe.get(path, &[])?;
        let scrape = Scrape::parse(str::from_utf8(&response.body)?, Format::Text)?;
        let mut names: Vec<String> = scrape.samples.into_iter().map(|sample| sample.name).collect();
        names.retain(|name| name.starts_with("istio_tcp_"));
        names.dedup();
        Ok(names)
    };
    connect_to_hostile()?;
    assert_eq!(names("/stats/prometheus")?, names("/metrics")?);
    assert_eq!(
        names("/metrics")?,
        [
            "istio_tcp_sent_bytes_total",
            "istio_tcp_received_bytes_total",
            "istio_tcp_connections_opened_total",
            "istio_tcp_connections_closed_total"
        ]
    );
    Ok(())
}
