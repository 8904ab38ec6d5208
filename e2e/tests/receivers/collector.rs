//! A real Collector gets what `/metrics` says, over every transport and compression at once.

pub(crate) mod server;

use crate::lines::{self, Line, Lines, expect_equal, page};
use crate::otlp::{Logs, Metrics, Told, log_resource, points, resource, told};
use crate::stage::{PATIENCE, Stage, add, failed, node};
use anyhow::{Context, Result, ensure};
use longwire_model::series::Kind;
use longwire_testkit::{Probe, REPORTERS, confirm, eventually};
use serde_json::{Value, json};
use server::Collector;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

/// Names of the exporters. Each says its own as an attribute of its resource.
const WAYS: [&str; 4] = ["grpc-none", "grpc-gzip", "http-none", "http-gzip"];
const EXPORTER: &str = "longwire.test.exporter";
const INTERVAL: Duration = Duration::from_secs(1);

fn exporter(collector: &Collector, way: &str, signal: &str) -> Value {
    let (protocol, address) = match way.starts_with("grpc") {
        true => ("grpc", collector.grpc),
        false => ("http/protobuf", collector.http),
    };
    json!({"name": way, "otlp": {
        "endpoint": format!("http://{address}"),
        "protocol": protocol,
        "compression": if way.ends_with("gzip") { "gzip" } else { "none" },
        "signals": [signal],
        "interval": "1s",
        "resourceAttributes": {EXPORTER: way},
    }})
}

fn exporters(collector: &Collector, signal: &str) -> Vec<Value> {
    WAYS.iter().map(|way| exporter(collector, way, signal)).collect()
}

/// What one exporter's requests have said of a line, in the order in which they came.
#[derive(Debug, Default)]
struct Said {
    values: Vec<f64>,
    starts: BTreeSet<u64>,
    times: Vec<u64>,
}

type History = BTreeMap<Line, Said>;

/// The histories of one exporter. Fails unless every request has one time.
fn history(requests: &[Metrics], way: &str) -> Result<History> {
    let mut history = History::new();
    for request in requests {
        if resource(request)?.get(EXPORTER).is_none_or(|name| name != way) {
            continue;
        }
        let points = points(request)?;
        let times: BTreeSet<u64> = points.iter().map(|point| point.time).collect();
        ensure!(times.len() == 1, "the points of one request have times {times:?}");
        for point in points {
            let of = history.entry(point.line).or_default();
            of.values.push(point.value);
            of.starts.extend((point.start != 0).then_some(point.start));
            of.times.push(point.time);
        }
    }
    Ok(history)
}

fn last(history: &History) -> Lines {
    let last = |(line, of): (&Line, &Said)| Some((line.clone(), *of.values.last()?));
    history.iter().filter_map(last).collect()
}

/// The last values of all exporters are the page's.
fn expect_page(collector: &Collector, probe: &Probe) -> Result<()> {
    eventually(PATIENCE, || {
        let (requests, page) = (collector.metrics()?, page(&probe.scrape()?)?);
        WAYS.iter().try_for_each(|way| expect_equal(&last(&history(&requests, way)?), &page).with_context(|| *way))
    })
    .with_context(|| probe.process().last_words())
}

/// A counter has one start, whatever happened to the probe, and never goes back; a line is said at most once an export.
fn expect_unbroken(history: &History) -> Result<()> {
    for (line, of) in history {
        let is_gauge = lines::kind(&line.0) == Some(Kind::Gauge);
        ensure!(is_gauge || of.starts.len() == 1, "{line:?} has starts {:?}", of.starts);
        ensure!(is_gauge || of.values.is_sorted(), "{line:?} went back: {:?}", of.values);
        ensure!(of.starts.iter().all(|start| of.times.iter().all(|time| start <= time)), "{line:?} starts later");
        ensure!(of.times.is_sorted_by(|before, after| before < after), "{line:?} has times {:?}", of.times);
    }
    // Exports with one time each: as many as there are points of the line with most.
    let times: BTreeSet<u64> = history.values().flat_map(|of| of.times.iter().copied()).collect();
    let most = history.values().map(|of| of.times.len()).max().unwrap_or_default();
    confirm!(times.len() == most && most > 3, "{} times in {most} exports", times.len())
}

#[test]
fn metrics_equal_the_page_over_grpc_and_http_and_over_a_kill_of_the_probe() -> Result<()> {
    let machine = node()?;
    let collector = Collector::start(&machine.node.netns)?;
    let mut stage = Stage::new(machine, &json!({"exporters": exporters(&collector, "metrics")}))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(20)?;
    stage.settle(&probe, &truths)?;
    expect_page(&collector, &probe)?;
    // Killed with an export on its way or not.
    add(&mut truths, &stage.talk(50)?);
    drop(probe);
    add(&mut truths, &stage.talk(20)?);
    let probe = stage.probe(&[])?;
    add(&mut truths, &stage.talk(20)?);
    stage.settle(&probe, &truths)?;
    expect_page(&collector, &probe)?;
    // Nothing changes any more.
    thread::sleep(3 * INTERVAL);
    expect_page(&collector, &probe)?;
    let requests = collector.metrics()?;
    for way in WAYS {
        let history = history(&requests, way)?;
        expect_unbroken(&history).with_context(|| way)?;
        let names: BTreeSet<&str> = history.keys().map(|(name, _)| name.as_str()).collect();
        for prefix in ["istio_tcp_", "kmesh_tcp_workload_", "longwire_tcp_"] {
            ensure!(names.iter().any(|name| name.starts_with(prefix)), "{way}: no {prefix}* among {names:?}");
        }
    }
    let accepted = |way| [("exporter", way), ("signal", "metrics"), ("result", "accepted")];
    let scrape = probe.scrape()?;
    let idle = WAYS.iter().find(|way| scrape.sum("longwire_probe_export_requests_total", &accepted(way)) == 0);
    confirm!(idle.is_none(), "requests of {idle:?} are not counted")
}

#[test]
fn the_resource_says_which_probe_it_is() -> Result<()> {
    let machine = node()?;
    let collector = Collector::start(&machine.node.netns)?;
    let both = ["metrics", "logs"].map(|signal| {
        let mut exporter = exporter(&collector, "grpc-none", signal);
        exporter["name"] = signal.into();
        exporter
    });
    let logs = json!({"enabled": true, "exporters": ["logs"]});
    let mut stage = Stage::new(machine, &json!({"exporters": both, "accessLogs": logs}))?;
    let probe = stage.probe(&[])?;
    let truths = stage.talk(1)?;
    stage.settle(&probe, &truths)?;
    let resources = eventually(PATIENCE, || {
        let (metrics, logs) = (collector.metrics()?, collector.logs()?);
        Ok([resource(metrics.last().context("no metrics")?)?, log_resource(logs.last().context("no logs")?)?])
    })?;
    for resource in resources {
        for (name, due) in [("service.name", "longwire-probe"), ("k8s.node.name", "node"), (EXPORTER, "grpc-none")] {
            ensure!(resource.get(name).is_some_and(|value| value == due), "{name} is not {due} in {resource:?}");
        }
        ensure!(resource.get("service.instance.id").is_some_and(|id| !id.is_empty()), "{resource:?}");
    }
    Ok(())
}

fn of_way(requests: Vec<Logs>, way: &str) -> Result<Vec<Logs>> {
    let mut kept = Vec::new();
    for request in requests {
        if log_resource(&request)?.get(EXPORTER).is_some_and(|name| name == way) {
            kept.push(request);
        }
    }
    Ok(kept)
}

#[test]
fn records_of_each_edge_add_up_to_its_counters_over_grpc_and_http() -> Result<()> {
    let machine = node()?;
    let collector = Collector::start(&machine.node.netns)?;
    let logs = json!({"enabled": true, "exporters": WAYS, "rateLimit": 100_000});
    let mut stage = Stage::new(machine, &json!({"exporters": exporters(&collector, "logs"), "accessLogs": logs}))?;
    let probe = stage.probe(&[])?;
    let mut truths = stage.talk(100)?;
    add(&mut truths, &stage.talk(100)?);
    stage.settle(&probe, &truths)?;
    eventually(PATIENCE, || {
        let scrape = probe.scrape()?;
        for way in WAYS {
            let told = told(&of_way(collector.logs()?, way)?)?;
            for pair in &stage.pairs {
                for reporter in REPORTERS {
                    let key = (reporter.to_owned(), pair.client.workload.clone());
                    // A refused connect is the client's alone.
                    let failed = if reporter == "source" { failed(&pair.edge, &scrape) } else { 0 };
                    let due = Told { truth: pair.edge.reported(&scrape, reporter), failed };
                    let told = told.get(&key).copied().unwrap_or_default();
                    ensure!(told == due, "{way}: records of {key:?} add up to {told:?}, the counters to {due:?}");
                    ensure!(reporter != "source" || failed == 2, "{failed} connects failed");
                }
            }
        }
        Ok(())
    })
    .with_context(|| probe.process().last_words())
}
