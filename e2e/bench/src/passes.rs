//! Cost of a pass and the delays that it causes, with the real probe over very many idle connections.

use super::load::{Load, Outcome};
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

pub(super) const FIGURES: [&str; 6] = [
    "kernel_pass_ns_per_socket_20k",
    "kernel_pass_ns_per_socket_100k",
    "pass_linearity",
    "sampler_stall_ms",
    "rr_p999_us",
    "rr_p999_ratio",
];
const FEW: usize = 20_000;
const MANY: usize = 100_000;
const INTERVAL: Duration = Duration::from_secs(1);
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let traffic = Traffic::between_pods(crowd::machine()?, true)?;
    let machine = &traffic.machine;
    let probe = start_probe(machine, &["--sample-interval", "1s"])?;
    let mut found = Vec::new();
    let mut holders = crowd::connect(machine, FEW / 2, longwire_testkit::pod::PORT)?;
    await_followed(&probe, FEW, PATIENCE)?;
    let few = cost(plan, machine, &probe, FEW)?;
    holders.extend(crowd::connect(machine, (MANY - FEW) / 2, longwire_testkit::pod::PORT + 1)?);
    await_followed(&probe, MANY, PATIENCE)?;
    let many = cost(plan, machine, &probe, MANY)?;
    let ratio = median(&many.pass) / median(&few.pass);
    found.push(few.figure(FIGURES[0]));
    found.push(many.figure(FIGURES[1]));
    found.push(Measured::once(FIGURES[2], ratio, 1.0));
    if FIGURES[3..].iter().any(|figure| plan.wants(figure)) {
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
pub(super) fn dump(machine: &Machine) -> Result<Duration> {
    let start = Instant::now();
    for pod in ["w0", "w1"] {
        machine.pod(pod)?.netns.command("sh", &["-c", "ss -tinH state established >/dev/null"])?;
    }
    Ok(start.elapsed())
}

/// The probe's own figures of its passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passes {
    pub(super) count: f64,
    /// In the kernel.
    pub(super) seconds: f64,
    /// With the processing of samples.
    pub(super) whole: f64,
}

impl Passes {
    pub(super) fn read(probe: &Probe) -> Result<Self> {
        let text = probe.text()?;
        Ok(Self {
            count: self_metric(&text, "longwire_probe_passes_total")?,
            seconds: self_metric(&text, "longwire_probe_pass_kernel_seconds_total")?,
            whole: self_metric(&text, "longwire_probe_pass_seconds_total")?,
        })
    }
}

/// A self-metric without labels, found without parsing tens of megabytes.
pub(super) fn self_metric(text: &str, name: &str) -> Result<f64> {
    let mut values = text.lines().rev().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(values.next().with_context(|| format!("no {name} in the scrape"))?.parse()?)
}

/// Connections that the probe follows, including other ones of the machine.
pub(super) fn followed(probe: &Probe) -> Result<f64> {
    self_metric(&probe.text()?, "longwire_probe_connections")
}

/// Waits until the probe follows these sockets and has resolved them.
pub(super) fn await_followed(probe: &Probe, sockets: usize, patience: Duration) -> Result<()> {
    let followed = eventually(patience, || {
        let text = probe.text()?;
        let all = self_metric(&text, "longwire_probe_connections")?;
        let waiting = self_metric(&text, "longwire_probe_connections_waiting")?;
        confirm!(all >= sockets as f64 && waiting < 100.0, "{all} of {sockets} are followed, {waiting} of them wait")
    });
    followed.with_context(|| probe.process().last_words())
}

/// Delays by a pass each second, and with the probe stopped, in turns.
fn waits(plan: &Plan, traffic: &Traffic, probe: &Probe) -> Result<Vec<Measured>> {
    let (cpus, span) = (processor::count(), Duration::from_secs_f64(plan.seconds.max(2.0)));
    let tail_is_wanted = FIGURES[4..].iter().any(|figure| plan.wants(figure));
    let (mut late, mut tail) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let (mut passes, mut took) = (0.0, 0.0);
    for _ in 0..plan.rounds {
        for (which, signal) in [(0, Signal::SIGCONT), (1, Signal::SIGSTOP)] {
            probe.process().signal(signal)?;
            // Delayed passes, and a last one.
            thread::sleep(INTERVAL / 2);
            if plan.wants(FIGURES[3]) {
                late[which].push(realtime::worst_lateness(cpus, span)?.as_secs_f64() * 1e3);
            }
            if tail_is_wanted {
                let before = (which == 0).then(|| Passes::read(probe)).transpose()?;
                let Outcome { p999, .. } = traffic.run(Load::Tail, span.as_secs_f64())?;
                tail[which].push(p999);
                if let Some(before) = before {
                    let after = Passes::read(probe)?;
                    passes += after.count - before.count;
                    took += after.whole - before.whole;
                }
            }
        }
    }
    probe.process().signal(Signal::SIGCONT)?;
    let mut found = Vec::new();
    if plan.wants(FIGURES[3]) {
        let [late, stopped] = late;
        found.push(Measured::over(FIGURES[3], &late, &stopped));
    }
    if tail_is_wanted {
        let [tail, stopped] = tail;
        // Passes that take longer than an interval would make the ratio look better than it is.
        let note = format!(
            "{passes} passes in {:.0} s of traffic, {:.0} ms each",
            span.as_secs_f64() * tail.len() as f64,
            took / passes * 1e3
        );
        found.push(Measured::beside(FIGURES[4], &tail, &stopped).note(note.clone()));
        found.push(Measured::ratio(FIGURES[5], &tail, &stopped).note(note));
    }
    Ok(found)
}
