//! Cost of a pass and the delays that it causes, with the real probe over very many idle connections.

use super::load::Outcome;
use super::measured::Measured;
use super::overhead::Traffic;
use super::plan::Plan;
use super::statistics::median;
use super::watcher::start_probe;
use super::{crowd, processor, realtime};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Machine, Probe, confirm, eventually};
use nix::sys::signal::Signal;
use std::thread;
use std::time::{Duration, Instant};

pub(super) const FIGURES: [&str; 5] = [
    "kernel_pass_ns_per_socket_20k",
    "kernel_pass_ns_per_socket_100k",
    "pass_linearity",
    "sampler_stall_ms",
    "rr_p999_us",
];
const FEW: usize = 20_000;
const MANY: usize = 100_000;
const INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let traffic = Traffic::between_pods(crowd::machine()?, true)?;
    let machine = &traffic.machine;
    let probe = start_probe(machine, &["--sample-interval", "1s"])?;
    let mut found = Vec::new();
    let mut holders = crowd::connect(machine, FEW / 2, longwire_testkit::pod::PORT)?;
    await_followed(&probe, FEW)?;
    let few = cost(plan, machine, &probe, FEW)?;
    holders.extend(crowd::connect(machine, (MANY - FEW) / 2, longwire_testkit::pod::PORT + 1)?);
    await_followed(&probe, MANY)?;
    let many = cost(plan, machine, &probe, MANY)?;
    let ratio = median(&many.pass) / median(&few.pass);
    found.push(few.figure(FIGURES[0]));
    found.push(many.figure(FIGURES[1]));
    found.push(Measured { ratio: Some(ratio), reference: Some(1.0), ..Measured::alone(FIGURES[2], ratio) });
    if plan.wants(FIGURES[3]) || plan.wants(FIGURES[4]) {
        found.extend(waits(plan, &traffic, &probe)?);
    }
    drop(holders);
    Ok(found)
}

/// Nanoseconds for each socket, by round.
#[derive(Debug, Default)]
struct Cost {
    pass: Vec<f64>,
    dump: Vec<f64>,
    followed: f64,
}

impl Cost {
    fn figure(&self, name: &'static str) -> Measured {
        Measured::beside(name, &self.pass, &self.dump).note(format!("{} connections", self.followed))
    }
}

fn cost(plan: &Plan, machine: &Machine, probe: &Probe, sockets: usize) -> Result<Cost> {
    let mut cost = Cost::default();
    for _ in 0..plan.rounds {
        let before = Passes::read(probe)?;
        let dump = dump(machine)?;
        thread::sleep(INTERVAL * 2);
        let after = Passes::read(probe)?;
        let count = after.count - before.count;
        ensure!(count > 0.0, "no pass in two intervals");
        cost.followed = followed(probe)?;
        cost.pass.push((after.seconds - before.seconds) / count / cost.followed * 1e9);
        cost.dump.push(dump.as_secs_f64() / sockets as f64 * 1e9);
    }
    Ok(cost)
}

/// The same sockets by sock_diag, including a few milliseconds of the processes' start.
fn dump(machine: &Machine) -> Result<Duration> {
    let start = Instant::now();
    for pod in ["w0", "w1"] {
        machine.pod(pod)?.netns.command("sh", &["-c", "ss -tinH state established >/dev/null"])?;
    }
    Ok(start.elapsed())
}

#[derive(Clone, Copy, Debug)]
struct Passes {
    count: f64,
    seconds: f64,
}

impl Passes {
    fn read(probe: &Probe) -> Result<Self> {
        let text = probe.text()?;
        let count = self_metric(&text, "longwire_probe_passes_total")?;
        let seconds = self_metric(&text, "longwire_probe_pass_kernel_seconds_total")?;
        Ok(Self { count, seconds })
    }
}

/// A self-metric without labels, found without parsing tens of megabytes.
fn self_metric(text: &str, name: &str) -> Result<f64> {
    let mut values = text.lines().rev().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(values.next().with_context(|| format!("no {name} in the scrape"))?.parse()?)
}

/// Connections that the probe follows, including other ones of the machine.
pub(super) fn followed(probe: &Probe) -> Result<f64> {
    self_metric(&probe.text()?, "longwire_probe_connections")
}

/// Waits until the probe follows these sockets and has resolved them.
pub(super) fn await_followed(probe: &Probe, sockets: usize) -> Result<()> {
    let followed = eventually(PATIENCE, || {
        let text = probe.text()?;
        let (all, waiting) = (
            self_metric(&text, "longwire_probe_connections")?,
            self_metric(&text, "longwire_probe_connections_waiting")?,
        );
        confirm!(all >= sockets as f64 && waiting < 100.0, "{all} of {sockets} are followed, {waiting} of them wait")
    });
    followed.with_context(|| probe.process().last_words())
}

fn waits(plan: &Plan, traffic: &Traffic, probe: &Probe) -> Result<Vec<Measured>> {
    let (cpus, span) = (processor::count(), Duration::from_secs_f64(plan.seconds.max(2.0)));
    let mut late = [Vec::new(), Vec::new()];
    let mut tail = [Vec::new(), Vec::new()];
    for _ in 0..plan.rounds {
        for (which, signal) in [(0, Signal::SIGCONT), (1, Signal::SIGSTOP)] {
            probe.process().signal(signal)?;
            // Delayed passes, and a last one.
            thread::sleep(INTERVAL / 2);
            if plan.wants(FIGURES[3]) {
                late[which].push(realtime::worst_lateness(cpus, span)?.as_secs_f64() * 1e3);
            }
            if plan.wants(FIGURES[4]) {
                let Outcome { p999, .. } = traffic.run("tail", span.as_secs_f64())?;
                tail[which].push(p999);
            }
        }
    }
    probe.process().signal(Signal::SIGCONT)?;
    let [late, stopped] = late;
    let mut found = vec![Measured::over(FIGURES[3], &late, &stopped)];
    let [tail, stopped] = tail;
    found.push(Measured::beside(FIGURES[4], &tail, &stopped));
    found.retain(|figure| plan.wants(figure.name));
    Ok(found)
}
