//! Two thousand connections that hold as much as they can: idle ones, incomplete requests, clients that do not read,
//! HTTP/2. A legitimate scraper of a page of 40,000 lines and the kubelet are answered in time, and no sample is late.

use crate::hostile_clients::{EVERY_KIND, Hostile};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{
    Machine, Pair, Probe, SAMPLE_INTERVAL, Scrape, Siege, command, confirm, eventually, http, manifests, probe::PORT,
    probe::health_port,
};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const LINES: usize = 40_000;
const SOURCES: usize = 8;
const FROM_EACH: usize = 250;
/// The attack lasts longer. `make siege` prints the exact time, because a machine may be busy here and stall for seconds.
const STARVED: Duration = Duration::from_secs(30);
const ROUNDS: usize = 6;
/// The page has 10,000 ends of long connections in one namespace, more than the default limit.
const LIMITS: &str = "{budgets: {longConnections: 20000}, limits: {seriesPerNamespace: 100000}}";

/// Opens connections of a pair until a scrape has so many lines. Returns them, and how many lines there are.
fn expose(lines: usize, pair: &Pair, probe: &Probe) -> Result<(Vec<(TcpStream, TcpStream)>, usize)> {
    // Without a thread for each socket: all of it runs in the client's namespace.
    let connect = |_| {
        let near = TcpStream::connect(pair.server.address()).context("a long connection")?;
        Ok((near, pair.listener.accept()?.0))
    };
    // Four lines for each end.
    let connections = pair.client.netns.run(|| (0..lines / 8 + 1).map(connect).collect::<Result<_>>())?;
    let lines = eventually(Duration::from_secs(120), || {
        let exposed = probe.text()?.lines().count();
        ensure!(exposed >= lines, "{exposed} lines");
        Ok(exposed)
    })?;
    Ok((connections, lines))
}

#[test]
fn a_scrape_of_40000_lines_is_answered_in_time_beside_2000_hostile_connections() -> Result<()> {
    let machine = Machine::new(SOURCES + 4, &[])?;
    let limits = manifests::telemetry("TelemetryPolicy", "longwire-system", "limits", LIMITS);
    machine.manifests.write("limits.yaml", &limits)?;
    let siege = Siege::start("slow_readers", machine, &[])?;
    let (probe, node) = (&siege.cluster.probe, &siege.cluster.machine.node);
    let (_long, lines) = expose(LINES, &siege.cluster.pair()?, probe)?;
    let mut bystander = siege.bystander()?;
    let hostile = Hostile::start(&siege.cluster.machine, SOURCES, FROM_EACH, &EVERY_KIND)?;
    let delayed = |scrape: &Scrape| scrape.sum("longwire_probe_passes_delayed_total", &[]);
    let delayed_before = eventually(STARVED, || Ok(delayed(&probe.scrape()?)))?;
    let (mut slowest, mut slowest_health, mut cut) = (Duration::ZERO, Duration::ZERO, 0.0);
    for round in 0..ROUNDS {
        bystander.talk(20)?;
        let headers: &[&str] = if round % 2 == 0 { &["Accept-Encoding: gzip"] } else { &[] };
        let began = Instant::now();
        // If the busy machine delays its reading by a second in total, it loses its turn and retries.
        let answer = eventually(STARVED, || {
            probe.get("/metrics", headers).inspect_err(|_| cut += 1.0).context("a rightful scrape")
        })?;
        slowest = slowest.max(began.elapsed());
        ensure!(answer.status == 200, "a rightful scrape: {}", answer.status);
        let body = if round % 2 == 0 {
            command::feed("gzip", &["-dc"], &answer.body)?
        } else {
            String::from_utf8(answer.body)?
        };
        ensure!(body.lines().count() >= lines, "{} of {lines} lines", body.lines().count());
        let began = Instant::now();
        let ready = http::get(&node.netns, health_port(PORT), "/readyz", &[])?;
        slowest_health = slowest_health.max(began.elapsed());
        ensure!(ready.status == 200, "/readyz: {}", ready.status);
        std::thread::sleep(SAMPLE_INTERVAL / 2);
    }
    let made = hostile.made();
    drop(hostile);
    bystander.expect_exact(probe)?;
    let scrape = probe.scrape()?;
    let refused =
        |reason| scrape.sum("longwire_probe_http_refused_total", &[("listener", "metrics"), ("reason", reason)]);
    ensure!(refused("slow_reader") > 0 && refused("replaced") > 0 && refused("http2") > 0, "nothing was refused");
    let late = delayed(&scrape) - delayed_before;
    let figures = [
        ("lines", lines as f64),
        ("hostile_connections", made as f64),
        ("slowest_scrape_ms", slowest.as_secs_f64() * 1e3),
        ("slowest_health_ms", slowest_health.as_secs_f64() * 1e3),
        ("cut_scrapes", cut),
        ("passes_delayed", late as f64),
    ];
    siege.end(&figures)?;
    ensure!(slowest < STARVED, "a rightful scrape took {slowest:?}");
    confirm!(slowest_health < STARVED, "health took {slowest_health:?}")
}
