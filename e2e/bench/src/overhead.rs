//! Overhead for traffic: three kinds of it, each without a watcher, with the probe and with per-packet programs, in
//! turns.

use super::load::{Load, Outcome};
use super::measured::Measured;
use super::plan::Plan;
use super::processor;
use super::watcher::{LOGGING, WATCHERS, Watching};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use longwire_testkit::{Machine, Pod, Process, binaries, cgroup};
use std::env;
use std::time::Duration;

pub(super) const FIGURES: [&str; 8] = [
    "crr_cpu_ratio",
    "crr_cpu_ratio_per_packet",
    "crr_cpu_ratio_logged",
    "rr_rate_ratio",
    "rr_rate_ratio_per_packet",
    "rr_cpu_ratio",
    "bulk_rate_ratio",
    "bulk_rate_ratio_per_packet",
];

/// More threads would only compete with each other.
const MAX_THREADS: usize = 4;

/// Two pods, a server in one of them.
#[derive(Debug)]
pub(super) struct Traffic {
    server: Process,
    _operator: Process,
    threads: String,
    pub(super) machine: Machine,
}

/// One kind of traffic with one watcher for one block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Connections, requests or bytes a second.
    rate: f64,
    /// Processor seconds of the whole machine for each.
    cost: f64,
    /// Processor seconds of client, server and probe for each: without interrupts elsewhere, and without other
    /// processes.
    own_cost: f64,
}

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let loads: Vec<Load> = [("crr", Load::Crr), ("rr", Load::Rr), ("bulk", Load::Bulk)]
        .into_iter()
        .filter(|(name, _)| FIGURES.iter().any(|figure| figure.split('_').next() == Some(name) && plan.wants(figure)))
        .map(|(_, load)| load)
        .collect();
    let traffic = Traffic::between_pods(Machine::new(2, &[])?, false)?;
    for load in &loads {
        // Warm-up: ports in TIME_WAIT and caches are as in later rounds.
        traffic.block(*load, &Watching::Nobody, plan.seconds)?;
    }
    // A list of blocks for each load and watcher.
    let mut blocks = vec![vec![Vec::new(); WATCHERS.len()]; loads.len()];
    for round in 0..plan.rounds {
        for turn in 0..WATCHERS.len() {
            // The block without a watcher is always first or always last.
            let which = (round + turn) % WATCHERS.len();
            if which == LOGGING && !plan.wants("crr_cpu_ratio_logged") {
                continue;
            }
            let watching = WATCHERS[which](&traffic.machine)?;
            for (load, blocks) in
                loads.iter().zip(&mut blocks).filter(|(load, _)| which != LOGGING || **load == Load::Crr)
            {
                blocks[which].push(traffic.block(*load, &watching, plan.seconds)?);
            }
        }
    }
    Ok(loads.iter().zip(&blocks).flat_map(|(load, blocks)| compare(*load, blocks)).collect())
}

fn compare(load: Load, blocks: &[Vec<Block>]) -> Vec<Measured> {
    let each = |watcher: usize, of: fn(&Block) -> f64| -> Vec<f64> { blocks[watcher].iter().map(of).collect() };
    let ratio = |name, watcher: usize, of: fn(&Block) -> f64| {
        let own = Measured::ratio(name, &each(watcher, |block| block.own_cost), &each(0, |block| block.own_cost));
        let rate = super::statistics::median(&each(watcher, |block| block.rate));
        let cost = super::statistics::median(&each(watcher, |block| block.cost));
        let note = match load {
            Load::Bulk => format!("{:.2} Gbit/s", rate * 8.0 / 1e9),
            _ => format!("{rate:.0}/s, {:.2} us each, own tasks {:.3}", cost * 1e6, own.value),
        };
        Measured::ratio(name, &each(watcher, of), &each(0, of)).note(note)
    };
    let cost = |name, watcher| ratio(name, watcher, |block| block.cost);
    let rate = |name, watcher| ratio(name, watcher, |block| block.rate);
    match load {
        Load::Crr => {
            let mut all = vec![cost("crr_cpu_ratio", 1), cost("crr_cpu_ratio_per_packet", 2)];
            if !blocks[LOGGING].is_empty() {
                all.push(cost("crr_cpu_ratio_logged", LOGGING));
            }
            all
        }
        Load::Rr | Load::Tail => {
            vec![rate("rr_rate_ratio", 1), rate("rr_rate_ratio_per_packet", 2), cost("rr_cpu_ratio", 1)]
        }
        Load::Bulk => vec![rate("bulk_rate_ratio", 1), rate("bulk_rate_ratio_per_packet", 2)],
    }
}

impl Traffic {
    /// Uses the first two plain pods. `loose`: the scheduler places the server's threads.
    pub(super) fn between_pods(machine: Machine, loose: bool) -> Result<Self> {
        let threads = processor::count().min(MAX_THREADS).to_string();
        let (client, server) = pods(&machine)?;
        for pod in [client, server] {
            pod.send_single_segments()?;
        }
        // A connection for each round trip would use up the ports in seconds.
        client.netns.sysctl("ipv4/tcp_tw_reuse", "1")?;
        client.netns.sysctl("ipv4/ip_local_port_range", "1024 65535")?;
        let mut words = vec!["load-server", "--threads", &threads];
        words.extend(loose.then_some("--loose"));
        let server = start(server, "the server of the traffic", &words)?;
        server.await_line("ready", Duration::from_secs(5))?;
        Ok(Self { server, _operator: machine.operator()?, threads, machine })
    }

    pub(super) fn run(&self, load: Load, seconds: f64) -> Result<Outcome> {
        let (client, server) = pods(&self.machine)?;
        let load = load.to_possible_value().context("traffic without a name")?;
        let (address, span) = (server.ipv4.to_string(), seconds.to_string());
        let words = ["load-client", load.get_name(), &address, "--seconds", &span, "--threads", &self.threads];
        let mut client = start(client, "the client of the traffic", &words)?;
        let status = client.await_exit(Duration::from_secs_f64(seconds + 30.0))?;
        ensure!(status.success(), "{}", client.last_words());
        Outcome::parse(client.log().last().context("the client said nothing")?)
    }

    fn block(&self, load: Load, watching: &Watching, seconds: f64) -> Result<Block> {
        let own = || -> Result<f64> {
            let watcher = watching.process().map_or(Ok(0.0), processor::process)?;
            Ok(watcher + processor::process(self.server.id())?)
        };
        let (busy, ours) = (processor::machine()?, own()?);
        let outcome = self.run(load, seconds)?;
        let (busy, ours) = (processor::machine()? - busy, own()? - ours + outcome.processor);
        ensure!(outcome.count > 0.0, "no traffic at all");
        Ok(Block { rate: outcome.count / outcome.seconds, cost: busy / outcome.count, own_cost: ours / outcome.count })
    }
}

fn pods(machine: &Machine) -> Result<(&Pod, &Pod)> {
    Ok((machine.pod("w0")?, machine.pod("w1")?))
}

/// Starts this program again as a process of a pod.
fn start(pod: &Pod, name: &str, words: &[&str]) -> Result<Process> {
    let cgroup = cgroup::container(&pod.uid, "load")?;
    let program = env::current_exe()?;
    let (program, cgroup) = (program.to_str().context("path")?, cgroup.to_str().context("path")?);
    let line: Vec<&str> = [program].into_iter().chain(words.iter().copied()).chain(["--cgroup", cgroup]).collect();
    Process::start(&pod.netns, name, &line)
}

/// Programs that every group needs; a missing one fails at once.
pub(super) fn check_programs() -> Result<()> {
    ["longwire-operator", "longwire-probe", "longwire-traffic"]
        .into_iter()
        .try_for_each(|name| binaries::find(name).map(drop))
}
