//! A real statsd_exporter adds up what `/metrics` says, over every transport.

pub(crate) mod server;

use crate::lines::{Line, Lines, beyond_zero, counted, expect_close, page};
use crate::stage::{PATIENCE, Stage, add, node};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Probe, confirm, eventually};
use serde_json::{Value, json};
use server::StatsdExporter;
use std::thread;
use std::time::Duration;

/// Names of the exporters, and what stands before the names of their series.
const TRANSPORTS: [&str; 3] = ["udp", "tcp", "unix"];
/// Longer than a few flushes and passes.
const MOMENTS: Duration = Duration::from_secs(4);

fn exporter(receiver: &StatsdExporter, transport: &str, more: &Value) -> Value {
    let address = match transport {
        "udp" => format!("udp://{}", receiver.udp),
        "tcp" => format!("tcp://{}", receiver.tcp),
        _ => format!("unix://{}", receiver.socket().display()),
    };
    let mut statsd = json!({"address": address, "flavor": "dogstatsd", "prefix": transport});
    for (name, value) in more.as_object().into_iter().flatten() {
        statsd[name] = value.clone();
    }
    json!({"name": transport, "statsd": statsd})
}

fn exporters(receiver: &StatsdExporter, transports: &[&str]) -> Value {
    let flush = json!({"flushInterval": "500ms"});
    json!({"exporters": transports.iter().map(|way| exporter(receiver, way, &flush)).collect::<Vec<_>>()})
}

/// A sum of seconds is added up in floating point, a part of it a flush; all else is exact.
fn tolerance((name, _): &Line) -> f64 {
    if name.ends_with("_sum") { 1e-6 } else { 0.0 }
}

fn due(probe: &Probe) -> Result<Lines> {
    Ok(beyond_zero(&counted(&page(&probe.scrape()?)?)))
}

fn expect_totals(probe: &Probe, totals: impl Fn() -> Result<Lines>) -> Result<()> {
    eventually(PATIENCE, || expect_close(&beyond_zero(&counted(&totals()?)), &due(probe)?, tolerance))
        .with_context(|| probe.process().last_words())
}

#[test]
fn every_counter_adds_up_over_udp_tcp_and_a_unix_socket() -> Result<()> {
    let machine = node()?;
    let receiver = StatsdExporter::start(&machine.node.netns)?;
    let mut stage = Stage::new(machine, &exporters(&receiver, &TRANSPORTS))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(100)?;
    stage.settle(&probe, &truths)?;
    add(&mut truths, &stage.talk(100)?);
    stage.settle(&probe, &truths)?;
    for transport in TRANSPORTS {
        expect_totals(&probe, || receiver.totals(transport)).context(transport)?;
    }
    // Nothing is said twice later.
    thread::sleep(MOMENTS);
    for transport in TRANSPORTS {
        expect_totals(&probe, || receiver.totals(transport)).with_context(|| format!("{transport}, later"))?;
    }
    Ok(())
}

#[test]
fn what_a_killed_receiver_had_and_what_the_next_one_gets_are_the_whole() -> Result<()> {
    // Over UDP nobody knows what arrived.
    let known = ["tcp", "unix"];
    let machine = node()?;
    let mut receiver = StatsdExporter::start(&machine.node.netns)?;
    let mut stage = Stage::new(machine, &exporters(&receiver, &known))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(30)?;
    stage.settle(&probe, &truths)?;
    for transport in known {
        expect_totals(&probe, || receiver.totals(transport)).context(transport)?;
    }
    let before = known.map(|transport| receiver.totals(transport));
    // Nothing is on its way, so the probe's kernel knows of the end before there is more to say.
    receiver.kill();
    thread::sleep(Duration::from_secs(1));
    add(&mut truths, &stage.talk(30)?);
    stage.settle(&probe, &truths)?;
    thread::sleep(MOMENTS);
    receiver.restart()?;
    add(&mut truths, &stage.talk(30)?);
    stage.settle(&probe, &truths)?;
    for (transport, before) in known.into_iter().zip(before) {
        let before = before?;
        let both = || {
            let mut sum = before.clone();
            for (line, value) in receiver.totals(transport)? {
                *sum.entry(line).or_default() += value;
            }
            Ok(sum)
        };
        expect_totals(&probe, both).with_context(|| transport.to_owned())?;
    }
    Ok(())
}

#[test]
fn a_receiver_over_udp_gets_all_that_happens_after_it_is_back() -> Result<()> {
    let machine = node()?;
    let mut receiver = StatsdExporter::start(&machine.node.netns)?;
    let mut stage = Stage::new(machine, &exporters(&receiver, &["udp"]))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(10)?;
    stage.settle(&probe, &truths)?;
    expect_totals(&probe, || receiver.totals("udp"))?;
    receiver.kill();
    thread::sleep(MOMENTS);
    receiver.restart()?;
    // A flush after the last error, so that none is pending.
    thread::sleep(MOMENTS);
    let before = due(&probe)?;
    add(&mut truths, &stage.talk(10)?);
    stage.settle(&probe, &truths)?;
    expect_totals(&probe, || {
        let mut sum = before.clone();
        for (line, value) in receiver.totals("udp")? {
            *sum.entry(line).or_default() += value;
        }
        Ok(sum)
    })
}

#[test]
fn with_flush_on_scrape_nothing_is_sent_until_somebody_scrapes() -> Result<()> {
    let machine = node()?;
    let receiver = StatsdExporter::start(&machine.node.netns)?;
    let exporter = exporter(&receiver, "udp", &json!({"flushOnScrape": true}));
    let stage = Stage::new(machine, &json!({"exporters": [exporter]}))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(10)?;
    thread::sleep(MOMENTS);
    let unasked = counted(&receiver.totals("udp")?);
    ensure!(unasked.is_empty(), "sent without a scrape: {unasked:?}");
    // Each look at the page flushes too.
    expect_totals(&probe, || receiver.totals("udp"))?;
    add(&mut truths, &stage.talk(10)?);
    let before = receiver.totals("udp")?;
    thread::sleep(MOMENTS);
    ensure!(receiver.totals("udp")? == before, "sent without a scrape");
    expect_totals(&probe, || receiver.totals("udp"))?;
    stage.pairs.iter().zip(truths).try_for_each(|(pair, truth)| {
        let reported = pair.edge.reported(&probe.scrape()?, "source");
        confirm!(reported == truth, "{reported:?} is reported, the truth is {truth:?}")
    })
}
