//! Access logs of a real probe: their lines say what the series say, and both ends' lines join.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Kept, Machine, Probe, Process, REPORTERS, Scrape, Truth, close, confirm, eventually, pass};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

const ALL: &str = "enabled: true, events: [connect, periodic, close, failed], interval: 1s";
const PATIENCE: Duration = Duration::from_secs(60);

/// A policy for all pods.
fn policy(access_logs: &str) -> String {
    format!(
        "apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {{name: logs, namespace: longwire-system}}
spec: {{accessLogs: {{{access_logs}}}}}
"
    )
}

/// The lines of access logs that a probe has written; its own log is no JSON.
fn lines(probe: &Process) -> Result<Vec<Value>> {
    let log = probe.log();
    let lines = log.iter().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).with_context(|| line.clone())).collect()
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_default()
}

fn number(line: &Value, field: &str) -> u64 {
    line[field].as_u64().unwrap_or_default()
}

/// What the final lines of one reporter add up to. One that is there twice counts once.
fn told(lines: &[Value], reporter: &str) -> Truth {
    let ends = lines.iter().filter(|line| text(line, "reporter") == reporter && text(line, "type") == "End");
    let ends: BTreeMap<&str, &Value> = ends.map(|line| (text(line, "id"), line)).collect();
    let sum = |field: &str| ends.values().map(|line| number(line, field)).sum();
    let closed = ends.len() as u64;
    Truth { opened: closed, closed, to_server: sum("received_bytes"), to_client: sum("sent_bytes") }
}

#[test]
fn ten_thousand_connections_are_told_by_both_ends_to_the_byte() -> Result<()> {
    const PAIRS: usize = 4;
    const EACH: usize = 2_500;
    let machine = Machine::new(2 * PAIRS, &[])?;
    machine.manifests.write("logs.yaml", &policy("enabled: true, rateLimit: 100000"))?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let probe = kept.ready(&machine.node.netns, &[])?;
    let pairs = (0..PAIRS).map(|_| machine.pair()).collect::<Result<Vec<_>>>()?;
    // Names are known and the policy applies.
    for pair in &pairs {
        pair.exchange(1, 1)?;
        pair.edge.expect(&probe, Truth::whole(1, 1))?;
    }
    let truths = thread::scope(|scope| {
        let churning: Vec<_> = pairs.iter().map(|pair| scope.spawn(|| pair.churn(EACH))).collect();
        churning.into_iter().map(|one| one.join().map_err(|_| anyhow::anyhow!("a pair panicked"))?).collect()
    });
    let truths: Vec<Truth> = Result::<Vec<Truth>>::from(truths)?;
    let truth = truths.into_iter().sum::<Truth>();
    let whole = (0..PAIRS).map(|_| Truth::whole(1, 1)).sum::<Truth>() + truth;
    eventually(PATIENCE, || {
        let lines = lines(&probe.process())?;
        let told = REPORTERS.map(|reporter| told(&lines, reporter));
        confirm!(told == [whole; 2], "the lines say {told:?}, the truth is {whole:?}")
    })?;
    let lines = lines(&probe.process())?;
    let ids = |reporter: &str| -> BTreeSet<String> {
        lines.iter().filter(|line| text(line, "reporter") == reporter).map(|line| text(line, "id").to_owned()).collect()
    };
    let [source, destination] = REPORTERS.map(ids);
    ensure!(
        source == destination && source.len() as u64 == whole.opened,
        "{} and {} ids",
        source.len(),
        destination.len()
    );
    let scrape = probe.scrape()?;
    let dropped = scrape.sum("longwire_probe_access_log_lines_dropped_total", &[]);
    ensure!(dropped == 0, "{dropped} lines were dropped");
    ensure!(scrape.sum("longwire_probe_access_log_lines_total", &[]) == 2 * whole.opened, "lines are counted");
    Ok(())
}

/// All lines that a probe has written when SIGKILL ends it.
fn killed(probe: &Probe) -> Result<Vec<Value>> {
    let mut process = probe.process();
    process.signal(nix::sys::signal::Signal::SIGKILL)?;
    process.await_exit(PATIENCE)?;
    lines(&process)
}

#[test]
fn lines_equal_the_series_over_kills_of_the_probe() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    machine.manifests.write("logs.yaml", &policy(ALL))?;
    let (_operator, kept, pair) = (machine.operator()?, Kept::new()?, machine.pair()?);
    let flags = ["--sample-interval", "100ms"];
    let mut all = Vec::new();
    let mut truth = Truth::default();
    let (near, far) = {
        let probe = kept.ready(&machine.node.netns, &flags)?;
        truth += pair.exchange(10, 20)?;
        pair.edge.expect(&probe, truth)?;
        let open = pair.connect()?;
        all.extend(killed(&probe)?);
        open
    };
    for round in 0..5 {
        let probe = kept.ready(&machine.node.netns, &flags)?;
        truth += pair.churn(100)?;
        pass(&near, &far, 1_000)?;
        thread::sleep(Duration::from_millis(130 * round));
        // With lines that are just being written.
        all.extend(killed(&probe)?);
    }
    let probe = kept.ready(&machine.node.netns, &flags)?;
    close(&near, &far)?;
    truth += Truth::whole(5_000, 0);
    pair.edge.expect(&probe, truth)?;
    eventually(PATIENCE, || {
        let lines: Vec<Value> = all.iter().cloned().chain(lines(&probe.process())?).collect();
        let told = REPORTERS.map(|reporter| told(&lines, reporter));
        confirm!(told == [truth; 2], "the lines say {told:?}, the series {truth:?}")
    })
}

#[test]
fn an_idle_connection_has_periodic_lines_that_never_go_back() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    machine.manifests.write("logs.yaml", &policy(ALL))?;
    let (_operator, kept, pair) = (machine.operator()?, Kept::new()?, machine.pair()?);
    let probe = kept.ready(&machine.node.netns, &["--sample-interval", "200ms"])?;
    let began = Instant::now();
    let (near, far) = pair.connect()?;
    let opened = Instant::now();
    pass(&near, &far, 777)?;
    thread::sleep(Duration::from_secs(6));
    let least = opened.elapsed();
    close(&near, &far)?;
    eventually(PATIENCE, || {
        let ends = lines(&probe.process())?.iter().filter(|line| text(line, "type") == "End").count();
        confirm!(ends == 2, "{ends} of 2 ends are told")
    })?;
    let most = began.elapsed();
    eventually(PATIENCE, || {
        let lines = lines(&probe.process())?;
        for reporter in REPORTERS {
            let own: Vec<&Value> = lines.iter().filter(|line| text(line, "reporter") == reporter).collect();
            let types: Vec<&str> = own.iter().map(|line| text(line, "type")).collect();
            let periodic = types.iter().filter(|kind| **kind == "Periodic").count() as u64;
            ensure!(types.first() == Some(&"Connect") && types.last() == Some(&"End"), "{types:?}");
            // One a second, but a probe that the machine stalls tells fewer.
            ensure!(periodic + 2 == types.len() as u64 && (2..=most.as_secs() + 1).contains(&periodic), "{types:?}");
            let received: Vec<u64> = own.iter().map(|line| number(line, "received_bytes")).collect();
            let news: u64 = own.iter().map(|line| number(line, "new_received_bytes")).sum();
            ensure!(received.is_sorted() && received.last() == Some(&777) && news == 777, "{received:?}, {news} new");
            let end = own.last().context("no line")?;
            let duration = Duration::from_micros(number(end, "duration_us"));
            ensure!((least..=most).contains(&duration), "{duration:?} of {least:?} to {most:?}");
            ensure!(
                text(end, "close_reason") == "fin" && number(end, "rtt_us") > 0 && number(end, "min_rtt_us") > 0,
                "{end}"
            );
        }
        Ok(())
    })
}

#[test]
fn a_refused_connect_and_a_reset_are_told_with_their_reasons() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    machine.manifests.write("logs.yaml", &policy(ALL))?;
    let (_operator, kept, pair) = (machine.operator()?, Kept::new()?, machine.pair()?);
    let probe = kept.ready(&machine.node.netns, &[])?;
    let nobody = SocketAddr::new(pair.server.ipv4.into(), 9);
    ensure!(pair.client.netns.run(|| std::net::TcpStream::connect(nobody)).is_err(), "somebody listens");
    let (near, far) = pair.connect()?;
    socket2::SockRef::from(&near).set_linger(Some(Duration::ZERO))?;
    drop(near);
    eventually(PATIENCE, || {
        let lines = lines(&probe.process())?;
        let of = |kind: &str, reporter: &str| {
            let found = lines.iter().find(|line| text(line, "type") == kind && text(line, "reporter") == reporter);
            found.cloned().with_context(|| format!("no line {kind} of {reporter}"))
        };
        let failed = of("Failed", "source")?;
        ensure!(text(&failed, "failure_reason") == "refused", "{failed}");
        for reporter in REPORTERS {
            let end = of("End", reporter)?;
            ensure!(text(&end, "close_reason") == "reset" && text(&end, "closed_by") == "source", "{end}");
        }
        Ok(())
    })?;
    drop(far);
    Ok(())
}

fn written(scrape: &Scrape) -> u64 {
    scrape.sum("longwire_probe_access_log_lines_total", &[])
}

#[test]
fn a_policy_is_switched_on_and_off_for_living_connections() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept, pair) = (machine.operator()?, Kept::new()?, machine.pair()?);
    let probe = kept.ready(&machine.node.netns, &["--sample-interval", "200ms"])?;
    let (near, far) = pair.connect()?;
    pair.edge.expect(&probe, Truth::open(0, 0))?;
    ensure!(written(&probe.scrape()?) == 0 && lines(&probe.process())?.is_empty(), "nothing is configured");
    machine.manifests.write("logs.yaml", &policy(ALL))?;
    probe.until(|scrape| confirm!(written(scrape) >= 4, "{} lines", written(scrape)))?;
    machine.manifests.write("logs.yaml", &policy("enabled: false"))?;
    probe.until(|scrape| {
        thread::sleep(Duration::from_millis(2_500));
        let after = written(&probe.scrape()?);
        confirm!(after == written(scrape), "{after} lines after {}", written(scrape))
    })?;
    drop((near, far));
    Ok(())
}
