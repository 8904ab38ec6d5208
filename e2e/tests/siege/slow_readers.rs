//! Two thousand connections that hold what they can: idle ones, half-sent requests, readers that do not read, HTTP/2. A
//! rightful scraper of a page of 40,000 lines is answered in time, so is the kubelet, and no sample is late.

use crate::hostile_clients::{EVERY_KIND, Hostile};
use crate::many_lines;
use anyhow::{Context, Result, ensure};
use longwire_e2e::machine::Machine;
use longwire_e2e::pod::Pod;
use longwire_e2e::probe::{PORT, SAMPLE_INTERVAL, health_port};
use longwire_e2e::siege::Siege;
use longwire_e2e::{command, http};
use std::time::{Duration, Instant};

const LINES: usize = 40_000;
const SOURCES: usize = 8;
const FROM_EACH: usize = 250;
/// For a scrape of so many lines under attack.
const IN_TIME: Duration = Duration::from_secs(2);
/// As the chart gives the kubelet.
const KUBELET: Duration = Duration::from_secs(2);
const ROUNDS: usize = 6;

#[test]
fn a_scrape_of_40000_lines_is_answered_in_time_beside_2000_hostile_connections() -> Result<()> {
    let siege = Siege::start("slow_readers", Machine::new(SOURCES + 4, &[])?, &[])?;
    let (probe, node) = (&siege.cluster.probe, &siege.cluster.machine.node);
    let page = many_lines::expose(LINES, siege.cluster.pair()?, probe)?;
    let mut bystander = siege.bystander()?;
    let pods = (0..SOURCES).map(|_| siege.cluster.machine.take().cloned()).collect::<Result<Vec<Pod>>>()?;
    let hostile = Hostile::start(&pods, node.address, FROM_EACH, &EVERY_KIND);
    let began = Instant::now();
    while hostile.made() < (SOURCES * FROM_EACH) as u64 {
        ensure!(began.elapsed() < Duration::from_secs(30), "{} hostile connections", hostile.made());
        std::thread::sleep(Duration::from_millis(10));
    }
    let delayed = |scrape: &longwire_e2e::scrape::Scrape| scrape.sum("longwire_probe_passes_delayed_total", &[]);
    let delayed_before = delayed(&probe.scrape()?);
    let (mut slowest, mut slowest_health) = (Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        bystander.talk(20)?;
        let headers: &[&str] = if round % 2 == 0 { &["Accept-Encoding: gzip"] } else { &[] };
        let began = Instant::now();
        let answer = probe.get("/metrics", headers).context("a rightful scrape")?;
        slowest = slowest.max(began.elapsed());
        ensure!(answer.status == 200, "a rightful scrape: {}", answer.status);
        let body = if round % 2 == 0 {
            command::feed("gzip", &["-dc"], &answer.body)?
        } else {
            String::from_utf8(answer.body)?
        };
        ensure!(body.lines().count() >= page.lines, "{} of {} lines", body.lines().count(), page.lines);
        let began = Instant::now();
        let ready = http::get(&node.netns, health_port(PORT), "/readyz", &[])?;
        slowest_health = slowest_health.max(began.elapsed());
        ensure!(ready.status == 200, "/readyz: {}", ready.status);
        std::thread::sleep(SAMPLE_INTERVAL / 2);
    }
    bystander.expect_exact(probe)?;
    let scrape = probe.scrape()?;
    let refused =
        |reason| scrape.sum("longwire_probe_http_refused_total", &[("listener", "metrics"), ("reason", reason)]);
    ensure!(refused("slow_reader") > 0 && refused("replaced") > 0 && refused("http2") > 0, "nothing was refused");
    let late = delayed(&scrape) - delayed_before;
    let made = hostile.made();
    drop(hostile);
    #[expect(clippy::cast_precision_loss, reason = "what a test counts stays below 2^53")]
    let figures = [
        ("lines", page.lines as f64),
        ("hostile_connections", made as f64),
        ("slowest_scrape_ms", slowest.as_secs_f64() * 1e3),
        ("slowest_health_ms", slowest_health.as_secs_f64() * 1e3),
        ("passes_delayed", late as f64),
    ];
    siege.end(&figures)?;
    ensure!(slowest < IN_TIME, "a rightful scrape took {slowest:?}");
    ensure!(slowest_health < KUBELET, "health took {slowest_health:?}");
    ensure!(late == 0, "{late} passes began more than an interval late");
    Ok(())
}
