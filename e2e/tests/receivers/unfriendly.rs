//! Receivers that are away, slow, or refuse: the probe goes on unharmed, says what was refused, and is exact afterwards.

pub(crate) mod grpc;
pub(crate) mod server;

use crate::collector::server::Collector;
use crate::lines::{Lines, expect_equal, page};
use crate::otlp::{Metrics, points, told};
use crate::stage::{PATIENCE, Stage, add, failed, node};
use anyhow::{Context, Result, ensure};
use grpc::GrpcServer;
use longwire_testkit::{Probe, Scrape, Truth, beside, confirm, crew::paced, eventually};
use serde_json::{Value, json};
use server::{Answer, Seen, Server};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

/// Long enough for several exports and passes.
const TROUBLE: Duration = Duration::from_secs(8);
const NAME: &str = "receiver";

fn exporter(name: &str, address: SocketAddr, protocol: &str) -> Value {
    json!({"name": name, "otlp": {
        "endpoint": format!("http://{address}"), "protocol": protocol, "interval": "1s", "timeout": "1s",
    }})
}

/// Metrics and logs to a server of the test.
fn spec(server: &Server) -> Value {
    json!({
        "exporters": [exporter(NAME, server.address, "http/protobuf")],
        "accessLogs": {"enabled": true, "exporters": [NAME], "rateLimit": 100_000},
    })
}

/// Last values of all lines.
fn last(requests: &[Metrics]) -> Result<Lines> {
    let points = requests.iter().map(points).collect::<Result<Vec<_>>>()?.concat();
    Ok(points.into_iter().map(|point| (point.line, point.value)).collect())
}

fn expect_page(probe: &Probe, requests: impl Fn() -> Result<Vec<Metrics>>) -> Result<()> {
    eventually(PATIENCE, || {
        let page = page(&probe.scrape()?)?;
        expect_equal(&last(&requests()?)?, &page)
    })
    .with_context(|| probe.process().last_words())
}

/// A self-metric of the exporter under test.
fn own(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> u64 {
    scrape.sum(&format!("longwire_probe_export_{name}_total"), labels)
}

fn requests(scrape: &Scrape, exporter: &str, signal: &str, result: &str) -> u64 {
    own(scrape, "requests", &[("exporter", exporter), ("signal", signal), ("result", result)])
}

/// Scrapes and passes go on while there is trouble, with traffic. Returns what the traffic has moved.
fn live_on(stage: &Stage, probe: &Probe) -> Result<Vec<Truth>> {
    let passes = |scrape: &Scrape| scrape.sum("longwire_probe_passes_total", &[]);
    let before = passes(&probe.scrape()?);
    let (_, truths) = beside(
        |over| paced(over, Duration::from_millis(200), || probe.scrape().map(drop)),
        || {
            let mut truths = stage.talk(20)?;
            thread::sleep(TROUBLE / 2);
            add(&mut truths, &stage.talk(20)?);
            thread::sleep(TROUBLE / 2);
            Ok(truths)
        },
    )?;
    let passed = passes(&probe.scrape()?) - before;
    // One a second is due; a busy machine may have less.
    ensure!(passed >= TROUBLE.as_secs() / 4, "{passed} passes in {TROUBLE:?}");
    Ok(truths)
}

#[test]
fn a_collector_that_was_killed_is_exact_again_after_its_restart() -> Result<()> {
    let machine = node()?;
    let mut collector = Collector::start(&machine.node.netns)?;
    let exporters = [exporter("grpc", collector.grpc, "grpc"), exporter("http", collector.http, "http/protobuf")];
    let mut stage = Stage::new(machine, &json!({"exporters": exporters}))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(10)?;
    stage.settle(&probe, &truths)?;
    expect_page(&probe, || collector.metrics())?;
    collector.kill();
    add(&mut truths, &live_on(&stage, &probe)?);
    stage.settle(&probe, &truths)?;
    let known = collector.metrics()?.len();
    collector.restart()?;
    expect_page(&probe, || Ok(collector.metrics()?.split_off(known)))?;
    let scrape = probe.scrape()?;
    for exporter in ["grpc", "http"] {
        let retries = own(&scrape, "retries", &[("exporter", exporter), ("signal", "metrics")]);
        let gave_up = requests(&scrape, exporter, "metrics", "gave_up");
        ensure!(retries + gave_up > 0, "{exporter}: neither a retry nor an end of them is counted");
        ensure!(requests(&scrape, exporter, "metrics", "refused") == 0, "{exporter}: nobody has refused");
    }
    Ok(())
}

#[test]
fn a_slow_receiver_holds_up_nothing() -> Result<()> {
    let machine = node()?;
    let server = Server::start(&machine.node.netns, Answer::Slow(Duration::from_secs(60)))?;
    let mut stage = Stage::new(machine, &spec(&server))?;
    let probe = stage.probe(&[])?;
    let mut truths = live_on(&stage, &probe)?;
    ensure!(!server.seen("metrics").is_empty(), "nothing was sent");
    ensure!(server.metrics()?.is_empty(), "a request was answered");
    let scrape = probe.scrape()?;
    ensure!(own(&scrape, "retries", &[("exporter", NAME), ("signal", "metrics")]) > 0, "no retry is counted");
    ensure!(requests(&scrape, NAME, "metrics", "accepted") == 0, "an answer is counted that never came");
    server.answer(Answer::Accept);
    add(&mut truths, &stage.talk(10)?);
    stage.settle(&probe, &truths)?;
    expect_page(&probe, || server.metrics())
}

/// The times between requests with the same body.
fn repeats(seen: &[Seen]) -> Vec<Duration> {
    seen.windows(2).filter(|pair| pair[0].body == pair[1].body).map(|pair| pair[1].came - pair[0].came).collect()
}

#[test]
fn one_that_asks_for_patience_gets_it() -> Result<()> {
    const PAUSE: u64 = 3;
    let machine = node()?;
    let server = Server::start(&machine.node.netns, Answer::Later(PAUSE))?;
    let mut stage = Stage::new(machine, &spec(&server))?;
    let probe = stage.probe(&[])?;
    let mut truths = live_on(&stage, &probe)?;
    server.answer(Answer::Accept);
    add(&mut truths, &stage.talk(10)?);
    stage.settle(&probe, &truths)?;
    expect_page(&probe, || server.metrics())?;
    for signal in ["metrics", "logs"] {
        let seen = server.seen(signal);
        let after_refusal: Vec<_> = seen.windows(2).filter(|pair| matches!(pair[0].answer, Answer::Later(_))).collect();
        ensure!(!after_refusal.is_empty(), "{signal}: nothing came after a 429");
        for pair in after_refusal {
            let pause = pair[1].came - pair[0].came;
            ensure!(pause >= Duration::from_secs(PAUSE), "{signal}: the next request came after {pause:?}");
        }
    }
    let retries = own(&probe.scrape()?, "retries", &[("exporter", NAME), ("signal", "metrics")]);
    confirm!(retries > 0, "no retry is counted")
}

#[test]
fn what_is_refused_is_not_sent_again_and_counted() -> Result<()> {
    let machine = node()?;
    let server = Server::start(&machine.node.netns, Answer::Refuse)?;
    let mut stage = Stage::new(machine, &spec(&server))?;
    let probe = stage.probe(&[])?;
    let mut truths = live_on(&stage, &probe)?;
    server.answer(Answer::Accept);
    add(&mut truths, &stage.talk(10)?);
    stage.settle(&probe, &truths)?;
    expect_page(&probe, || server.metrics())?;
    for signal in ["metrics", "logs"] {
        let seen = server.seen(signal);
        ensure!(repeats(&seen).is_empty(), "{signal}: a request came twice");
        let due = seen.iter().filter(|seen| seen.answer == Answer::Refuse).count() as u64;
        probe.until(|scrape| {
            let counted = requests(scrape, NAME, signal, "refused");
            confirm!(due > 0 && counted == due, "{signal}: {counted} are counted, {due} were refused")
        })?;
    }
    // Of each connection's end and each failure there is a record, or it is counted.
    let truth: Truth = truths.iter().copied().sum();
    eventually(PATIENCE, || {
        let scrape = probe.scrape()?;
        let failed: u64 = stage.pairs.iter().map(|pair| failed(&pair.edge, &scrape)).sum();
        let kept: u64 = told(&server.logs()?)?.values().map(|told| told.truth.closed + told.failed).sum();
        let dropped = own(&scrape, "dropped_log_records", &[("exporter", NAME)]);
        let due = 2 * truth.closed + failed;
        confirm!(dropped > 0 && kept + dropped == due, "{kept} kept and {dropped} dropped are not {due}")
    })
}

#[test]
fn what_is_partly_accepted_is_not_sent_again_and_counted() -> Result<()> {
    const REJECTED: i64 = 3;
    let machine = node()?;
    let server = Server::start(&machine.node.netns, Answer::Partial(REJECTED))?;
    let mut stage = Stage::new(machine, &spec(&server))?;
    let probe = stage.probe(&[])?;
    let mut truths = live_on(&stage, &probe)?;
    server.answer(Answer::Accept);
    add(&mut truths, &stage.talk(10)?);
    stage.settle(&probe, &truths)?;
    expect_page(&probe, || server.metrics())?;
    for signal in ["metrics", "logs"] {
        let seen = server.seen(signal);
        ensure!(repeats(&seen).is_empty(), "{signal}: a request came twice");
        let partial = seen.iter().filter(|seen| seen.answer == Answer::Partial(REJECTED)).count() as u64;
        probe.until(|scrape| {
            let counted = requests(scrape, NAME, signal, "partial");
            let rejected = own(scrape, "rejected", &[("exporter", NAME), ("signal", signal)]);
            let due = (partial, partial * REJECTED.unsigned_abs());
            confirm!(partial > 0 && (counted, rejected) == due, "{signal}: {counted} and {rejected} are not {due:?}")
        })?;
    }
    Ok(())
}

#[test]
fn over_grpc_an_exhausted_one_is_asked_again_only_if_it_says_when() -> Result<()> {
    const PAUSE: u64 = 3;
    let machine = node()?;
    let server = GrpcServer::start(&machine.node.netns, grpc::Answer::Exhausted(Some(PAUSE)))?;
    let mut stage = Stage::new(machine, &json!({"exporters": [exporter(NAME, server.address, "grpc")]}))?;
    let probe = stage.probe(&[])?;
    let mut truths = live_on(&stage, &probe)?;
    server.answer(grpc::Answer::Exhausted(None));
    add(&mut truths, &live_on(&stage, &probe)?);
    server.answer(grpc::Answer::Accept);
    stage.settle(&probe, &truths)?;
    expect_page(&probe, || Ok(server.accepted()))?;
    let (mut waited, mut refused) = (0, 0);
    for pair in server.seen().windows(2) {
        match pair[0].answer {
            grpc::Answer::Exhausted(Some(pause)) => {
                let came = pair[1].came - pair[0].came;
                ensure!(came >= Duration::from_secs(pause), "the next request came after {came:?}");
                waited += 1;
            }
            grpc::Answer::Exhausted(None) => {
                ensure!(pair[0].request != pair[1].request, "a request came twice");
                refused += 1;
            }
            grpc::Answer::Accept => {}
        }
    }
    ensure!(waited > 0 && refused > 0, "{waited} and {refused} refusals");
    probe.until(|scrape| {
        let counted = requests(scrape, NAME, "metrics", "refused");
        confirm!(counted == refused, "{counted} are counted, {refused} were refused")
    })
}
