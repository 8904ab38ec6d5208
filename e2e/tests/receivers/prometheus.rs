//! One Prometheus 3 scrapes a probe and is pushed to by it: both series say the same.

use crate::lines::{Line, Lines, expect_equal, exported, line, page};
use crate::programs::program;
use crate::stage::{PATIENCE, Stage, add, node};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Labels, Netns, Prometheus, Sample, confirm, eventually, now};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

/// What is added to names of lines, by who they come from.
const SCRAPED: &str = "job=\"scraped\"";
const PUSHED: &str = "job!=\"scraped\"";
const INTERVAL: Duration = Duration::from_secs(1);

/// With any strategy names stay, because units and suffixes are in them already; this one adds nothing at all.
pub(crate) const STRATEGY: &str = "UnderscoreEscapingWithoutSuffixes";

/// One that scrapes these targets, and takes OTLP.
pub(crate) fn start(netns: &Netns, targets: &[String], strategy: &str) -> Result<Prometheus> {
    let configuration = json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "otlp": {"translation_strategy": strategy},
        "scrape_configs": [{"job_name": "scraped", "static_configs": [{"targets": targets}]}],
    });
    let flags = ["--web.enable-otlp-receiver"];
    Prometheus::start_program(&program("prometheus")?, &flags, netns, Ipv4Addr::LOCALHOST, &configuration)
}

/// The endpoint of its OTLP receiver, to which exporters append the signal.
pub(crate) fn endpoint(prometheus: SocketAddr) -> String {
    format!("http://{prometheus}/api/v1/otlp")
}

/// The last values of all series with these names.
pub(crate) fn values(prometheus: &Prometheus, names: &BTreeSet<String>, of: &str) -> Result<Lines> {
    let mut samples = Vec::new();
    for name in names {
        for row in prometheus.query(&format!("{name}{{{of}}}"), now())? {
            samples.push(Sample { name: name.clone(), labels: without_target(row.labels), value: row.value });
        }
    }
    exported(&samples)
}

fn without_target(mut labels: Labels) -> Labels {
    labels.retain(|name, _| name != "job" && name != "instance");
    labels
}

fn of_name(name: &str, labels: Labels) -> Result<Line> {
    line(&Sample { name: name.to_owned(), labels: without_target(labels), value: 0.0 })
}

/// In a range in whose first and last moments nothing changes, both have the same increase, from their own first sample to
/// their own last one. `rate()` extrapolates it by what lies between these samples and the ends of the range: at most to the
/// whole range. So each `rate()` is at least the increase a second of the range, and at most the increase a second between its
/// own samples; two that are within these bounds differ by no more than their sample times explain.
fn expect_equal_rates(prometheus: &Prometheus, names: &BTreeSet<String>, seconds: u64, at: f64) -> Result<()> {
    for name in names {
        let range = |of: &str| format!("{name}{{{of}}}[{seconds}s]");
        let mut due = None;
        for of in [SCRAPED, PUSHED] {
            let samples = prometheus.samples(&range(of), at)?.into_iter();
            let samples = samples.map(|(labels, samples)| Ok((of_name(name, labels)?, samples)));
            let samples: BTreeMap<Line, Vec<(f64, f64)>> = samples.collect::<Result<_>>()?;
            let rates = prometheus.query(&format!("rate({})", range(of)), at)?.into_iter();
            let rates: Lines = rates.map(|row| Ok((of_name(name, row.labels)?, row.value))).collect::<Result<_>>()?;
            let increases = samples.iter().map(|(line, samples)| Ok((line.clone(), increase(samples)?)));
            let increases: Lines = increases.collect::<Result<_>>()?;
            for (line, increase) in &increases {
                let rate = *rates.get(line).with_context(|| format!("{of}: no rate of {line:?}"))?;
                let bounds = [increase / seconds as f64, increase / span(&samples[line])];
                // Prometheus divides by times in milliseconds, and its samples' times come as decimal fractions of seconds.
                let digit = 1e-6 * rate;
                let is_within = (bounds[0] - digit..=bounds[1] + digit).contains(&rate);
                ensure!(is_within, "{of}: the rate {rate} of {line:?} is not within {bounds:?}");
            }
            expect_equal(&increases, due.get_or_insert_with(|| increases.clone())).context("increases")?;
        }
    }
    Ok(())
}

fn span(samples: &[(f64, f64)]) -> f64 {
    samples[samples.len() - 1].0 - samples[0].0
}

fn increase(values: &[(f64, f64)]) -> Result<f64> {
    ensure!(values.len() > 1 && values.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "no counter: {values:?}");
    Ok(values[values.len() - 1].1 - values[0].1)
}

#[test]
fn what_is_pushed_is_what_is_scraped_and_so_are_its_rates() -> Result<()> {
    let machine = node()?;
    let mut stage = Stage::new(machine, &json!({}))?;
    // First, because a Prometheus has started when its target is up.
    let probe = stage.probe(&[])?;
    let prometheus = start(&stage.machine.node.netns, &["127.0.0.1:15020".to_owned()], STRATEGY)?;
    let exporter = json!({"name": "prometheus", "otlp": {
        "endpoint": endpoint(prometheus.address), "protocol": "http/protobuf", "signals": ["metrics"], "interval": "1s",
    }});
    stage.configure(&json!({"exporters": [exporter]}))?;
    let mut truths = stage.talk(10)?;
    stage.settle(&probe, &truths)?;
    let expect_page = || {
        eventually(PATIENCE, || {
            let page = page(&probe.scrape()?)?;
            let names: BTreeSet<String> = page.keys().map(|(name, _)| name.clone()).collect();
            expect_equal(&values(&prometheus, &names, SCRAPED)?, &page).context("scraped")?;
            expect_equal(&values(&prometheus, &names, PUSHED)?, &page).context("pushed")?;
            Ok(names)
        })
        .with_context(|| format!("{}\n{}", probe.process().last_words(), prometheus.last_words()))
    };
    expect_page()?;
    // Both are sampled before, during and after the traffic of the range.
    thread::sleep(3 * INTERVAL);
    let began = now();
    thread::sleep(3 * INTERVAL);
    for _ in 0..5 {
        add(&mut truths, &stage.talk(20)?);
        thread::sleep(INTERVAL);
    }
    stage.settle(&probe, &truths)?;
    let names = expect_page()?;
    thread::sleep(3 * INTERVAL);
    let ended = now();
    let counters: BTreeSet<String> = names.into_iter().filter(|name| name.ends_with("_total")).collect();
    ensure!(counters.len() > 10, "{counters:?}");
    let seconds = (ended - began) as u64;
    expect_equal_rates(&prometheus, &counters, seconds, ended)?;
    let moved = prometheus.query("sum(istio_tcp_received_bytes_total{job!=\"scraped\",reporter=\"source\"})", ended)?;
    let due: u64 = truths.iter().map(|truth| truth.to_server).sum();
    confirm!(moved.len() == 1 && moved[0].value == due as f64, "{moved:?} is not {due}")
}
