//! A shop of eleven services. Each of its lines moves the same bytes at the same pace, and counts them.

use anyhow::{Context, Result, ensure};
use longwire_testkit::machine::{Machine, PodSpec};
use longwire_testkit::pod::{Pod, SERVICE_PORT};
use longwire_testkit::traffic::{exchange, pass};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A line: client, server, milliseconds between two turns, bytes to the server and back.
type Line = (&'static str, &'static str, u64, u64, u64);

/// Short connections.
const SHORT: [Line; 12] = [
    ("frontend", "catalog", 60, 400, 18_000),
    ("frontend", "cart", 90, 900, 6_000),
    ("frontend", "recommendation", 120, 300, 9_000),
    ("frontend", "ads", 150, 200, 7_000),
    ("frontend", "currency", 80, 150, 500),
    ("frontend", "checkout", 300, 2_500, 1_500),
    ("recommendation", "catalog", 140, 350, 12_000),
    ("checkout", "cart", 300, 300, 4_000),
    ("checkout", "currency", 300, 150, 500),
    ("checkout", "payment", 300, 1_800, 700),
    ("checkout", "shipping", 300, 1_200, 900),
    ("checkout", "email", 400, 5_000, 300),
];
/// Connections that stay open.
const LONG: [Line; 3] =
    [("cart", "redis", 40, 700, 2_500), ("cart", "redis", 70, 700, 2_500), ("catalog", "redis", 100, 300, 9_000)];
/// The server's port is closed.
const REFUSED: (&str, &str, u64) = ("checkout", "fraud", 1_500);
/// The pod to and from which every hundredth packet is dropped.
const LOSSY: &str = "redis";

pub(super) fn pods() -> Vec<PodSpec> {
    let ends = SHORT.iter().chain(&LONG).flat_map(|(from, to, ..)| [*from, *to]).chain([REFUSED.0, REFUSED.1]);
    let names: std::collections::BTreeSet<_> = ends.collect();
    names.into_iter().map(PodSpec::new).collect()
}

/// Counters of all lines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) bytes: u64,
    pub(super) opened: u64,
    pub(super) failed: u64,
}

#[derive(Debug)]
pub(super) struct Shop {
    counts: Arc<Mutex<Counts>>,
    /// The counts once a second.
    history: Vec<(Instant, Counts)>,
    over: Arc<AtomicBool>,
    lines: Vec<JoinHandle<Result<()>>>,
}

/// Listeners by workload. Connect and accept run under the lock, so that no line accepts another's connection.
type Doors = BTreeMap<String, Mutex<TcpListener>>;

/// The work of a line until the end.
type Traffic = fn(&Pod, &Pod, Line, &Doors, &Mutex<Counts>, &AtomicBool) -> Result<()>;

impl Shop {
    pub(super) fn open(machine: &Machine) -> Result<Self> {
        let mut doors = Doors::new();
        for (_, to, ..) in SHORT.iter().chain(&LONG) {
            let pod = machine.pod(to)?;
            if !doors.contains_key(*to) {
                doors.insert((*to).to_owned(), Mutex::new(pod.listen()?));
                machine.publish(pod)?;
            }
        }
        machine.publish(machine.pod(REFUSED.1)?)?;
        lose_some(machine)?;
        let doors = Arc::new(doors);
        let (counts, over) = (Arc::<Mutex<Counts>>::default(), Arc::<AtomicBool>::default());
        let mut shop = Self { counts, history: Vec::new(), over, lines: Vec::new() };
        for line in SHORT {
            shop.line(line, &doors, machine, short)?;
        }
        for line in LONG {
            shop.line(line, &doors, machine, long)?;
        }
        shop.refused(machine)?;
        Ok(shop)
    }

    /// Fails once a line has failed. Records the current counters.
    pub(super) fn check(&mut self) -> Result<()> {
        self.history.push((Instant::now(), *self.counts.lock()));
        while let Some(ended) = self.lines.iter().position(JoinHandle::is_finished) {
            self.lines.swap_remove(ended).join().expect("a line")?;
        }
        Ok(())
    }

    /// Rates over the last seconds: bytes, opened, failed.
    #[expect(clippy::cast_precision_loss, reason = "what is counted stays below 2^53")]
    pub(super) fn per_second(&self, window: Duration) -> Result<[f64; 3]> {
        let (ended, last) = self.history.last().context("nothing was counted")?;
        let (began, first) =
            self.history.iter().find(|(at, _)| ended.duration_since(*at) <= window).context("nothing was counted")?;
        let seconds = ended.duration_since(*began).as_secs_f64();
        let gained = [last.bytes - first.bytes, last.opened - first.opened, last.failed - first.failed];
        Ok(gained.map(|count| count as f64 / seconds))
    }

    fn line(&mut self, line: Line, doors: &Arc<Doors>, machine: &Machine, run: Traffic) -> Result<()> {
        let (from, to) = (machine.pod(line.0)?.clone(), machine.pod(line.1)?.clone());
        let (doors, counts, over) = (Arc::clone(doors), Arc::clone(&self.counts), Arc::clone(&self.over));
        self.lines.push(thread::spawn(move || {
            run(&from, &to, line, &doors, &counts, &over).with_context(|| format!("{} to {}", line.0, line.1))
        }));
        Ok(())
    }

    fn refused(&mut self, machine: &Machine) -> Result<()> {
        let (from, to) = (machine.pod(REFUSED.0)?.clone(), machine.pod(REFUSED.1)?.clone());
        let (counts, over) = (Arc::clone(&self.counts), Arc::clone(&self.over));
        self.lines.push(thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                ensure!(from.connect((to.service_ip, SERVICE_PORT)).is_err(), "somebody listens at {}", to.workload);
                counts.lock().failed += 1;
                thread::sleep(Duration::from_millis(REFUSED.2));
            }
            Ok(())
        }));
        Ok(())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for line in self.lines.drain(..) {
            // `check` has reported the errors of lines.
            let _ = line.join();
        }
    }
}

fn short(from: &Pod, to: &Pod, line: Line, doors: &Doors, counts: &Mutex<Counts>, over: &AtomicBool) -> Result<()> {
    let (_, _, pause, up, down) = line;
    while !over.load(Ordering::Relaxed) {
        let (client, server) = from.connect_to((to.service_ip, SERVICE_PORT), &doors[&to.workload].lock())?;
        exchange(client, server, up, down)?;
        {
            let mut counts = counts.lock();
            counts.opened += 1;
            counts.bytes += up + down;
        }
        thread::sleep(Duration::from_millis(pause));
    }
    Ok(())
}

fn long(from: &Pod, to: &Pod, line: Line, doors: &Doors, counts: &Mutex<Counts>, over: &AtomicBool) -> Result<()> {
    let (_, _, pause, up, down) = line;
    let (client, server) = from.connect_to((to.service_ip, SERVICE_PORT), &doors[&to.workload].lock())?;
    counts.lock().opened += 1;
    while !over.load(Ordering::Relaxed) {
        pass(&client, &server, up)?;
        pass(&server, &client, down)?;
        counts.lock().bytes += up + down;
        thread::sleep(Duration::from_millis(pause));
    }
    Ok(())
}

fn lose_some(machine: &Machine) -> Result<()> {
    let pod = machine.pod(LOSSY)?;
    pod.send_single_segments()?;
    for direction in ["-s", "-d"] {
        let rule = format!("-A FORWARD {direction} {} -m statistic --mode random --probability 0.01 -j DROP", pod.ipv4);
        machine.node.iptables(&rule)?;
    }
    Ok(())
}

/// Number of lines whose connection stays open.
pub(super) const OPEN: usize = LONG.len();
/// The edge that always fails, as the first columns of a table's row.
pub(super) const FAILING: [&str; 2] = [REFUSED.0, REFUSED.1];
