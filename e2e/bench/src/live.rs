//! What it costs the operator that somebody watches all live connections of ten nodes.

mod crowd;
mod nodes;
mod watch;

use super::measured::Measured;
use super::plan::Plan;
use super::processor;
use super::statistics::{median, spread};
use anyhow::{Result, ensure};
use crowd::{CONNECTIONS, namespace};
use longwire_testkit::process::resident;
use nodes::Nodes;
use std::thread;
use std::time::{Duration, Instant};
use watch::{Form, Watch};

pub(super) const FIGURES: [&str; 6] = [
    "live_watch_mb",
    "live_watch_cpu_percent",
    "live_watch_20_mb",
    "live_watch_20_cpu_percent",
    "live_watch_table_cpu_percent",
    "live_edges_begin_ms",
];
const MANY: usize = 20;
/// Until all rows are there, and buffers of the first list are given back.
const REST: Duration = Duration::from_secs(15);
/// Less than this share of the updates, and something else than the operator is slow.
const LEAST_UPDATES: f64 = 0.9;

/// Of the operator, in each of some windows.
struct Cost {
    /// The highest, MB.
    memory: f64,
    /// Of one CPU.
    percent: Vec<f64>,
    /// Of one watch, a second.
    updates: f64,
}

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let nodes = Nodes::start()?;
    thread::sleep(REST);
    let before = cost(&nodes, plan, None)?;
    let mut watches = vec![nodes.watch(Form::Objects)?];
    let one = watched(&nodes, plan, &watches)?;
    for _ in 1..MANY {
        watches.push(nodes.watch(Form::Objects)?);
    }
    let many = watched(&nodes, plan, &watches)?;
    drop(watches);
    let table = watched(&nodes, plan, &[nodes.watch(Form::Table)?])?;
    let (begun, again) = edges(&nodes)?;
    Ok(vec![
        memory(FIGURES[0], &one, &before),
        percent(FIGURES[1], &one, &before),
        memory(FIGURES[2], &many, &before),
        percent(FIGURES[3], &many, &before),
        percent(FIGURES[4], &table, &before),
        Measured::over(FIGURES[5], &begun, &again),
    ])
}

fn watched(nodes: &Nodes, plan: &Plan, watches: &[Watch]) -> Result<Cost> {
    thread::sleep(REST);
    let cost = cost(nodes, plan, watches.first())?;
    let wanted = LEAST_UPDATES * CONNECTIONS as f64;
    ensure!(cost.updates >= wanted, "a watch had {:.0} updates a second, not {CONNECTIONS}", cost.updates);
    Ok(cost)
}

fn cost(nodes: &Nodes, plan: &Plan, watch: Option<&Watch>) -> Result<Cost> {
    let updates = || watch.map_or(0, Watch::events);
    let (id, start, first) = (nodes.operator.id(), Instant::now(), updates());
    let mut cost = Cost { memory: 0.0, percent: Vec::new(), updates: 0.0 };
    for _ in 0..plan.rounds {
        let (start, before) = (Instant::now(), processor::process(id)?);
        thread::sleep(Duration::from_secs_f64(plan.seconds));
        let busy = processor::process(id)? - before;
        cost.percent.push(busy / start.elapsed().as_secs_f64() * 100.0);
        cost.memory = cost.memory.max(resident(id)? / 1e6);
    }
    cost.updates = (updates() - first) as f64 / start.elapsed().as_secs_f64();
    Ok(cost)
}

fn memory(name: &'static str, with: &Cost, without: &Cost) -> Measured {
    let more = Measured::alone(name, with.memory - without.memory);
    Measured { reference: Some(without.memory), ..more }.note(format!("{:.1} MB resident", with.memory))
}

fn percent(name: &'static str, with: &Cost, without: &Cost) -> Measured {
    let (busy, idle) = (median(&with.percent), median(&without.percent));
    let more =
        Measured { reference: Some(idle), spread: Some(spread(&with.percent)), ..Measured::alone(name, busy - idle) };
    more.note(format!("{:.0} updates a second of each watch", with.updates))
}

/// Times of the first list of each namespace, and of the next one.
fn edges(nodes: &Nodes) -> Result<(Vec<f64>, Vec<f64>)> {
    let lists = (0..crowd::NODES).map(|node| {
        let path = format!("namespaces/{}/edges", namespace(node));
        Ok((nodes.list(&path)?, nodes.list(&path)?))
    });
    lists.collect()
}
