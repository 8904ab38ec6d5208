//! Memory of the probe: idle, with very many connections, and while these are scraped.

use super::crowd;
use super::measured::Measured;
use super::passes::{PATIENCE, await_followed, followed};
use super::plan::Plan;
use super::watcher::start_probe;
use anyhow::{Result, ensure};
use longwire_testkit::{Machine, Probe, Process, beside, pod::PORT, process::resident};
use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

pub(super) const IDLE: [&str; 1] = ["rss_idle_mb"];
pub(super) const CROWDED: [&str; 2] = ["memory_100k_mb", "memory_100k_scrape_peak_mb"];
const CONNECTIONS: usize = 50_000;
/// Until the allocator has returned buffers of the start, and until connections have series of their own.
const REST: Duration = Duration::from_secs(15);
const SCRAPES: usize = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

pub(super) fn idle(_: &Plan) -> Result<Vec<Measured>> {
    let machine = Machine::new(10, &[])?;
    let _operator = machine.operator()?;
    let probe = start_probe(&machine, &["--sample-interval", "5s"])?;
    thread::sleep(REST);
    let id = probe.process().id();
    let note = format!("maps {:.1} MB, {} connections on the machine", maps(id)? / 1e6, followed(&probe)?);
    Ok(vec![Measured::alone(IDLE[0], resident(id)? / 1e6).note(note)])
}

pub(super) fn crowded(_: &Plan) -> Result<Vec<Measured>> {
    let crowded = Crowded::new(&[], CONNECTIONS, PATIENCE)?;
    let memory = crowded.memory(CROWDED[0])?;
    let (peak, size) = peak_of_scrapes(&crowded.probe)?;
    let scrape = format!("{:.1} MB compressed", size as f64 / 1e6);
    Ok(vec![memory, Measured::once(CROWDED[1], peak / 1e6, crowded.before).note(scrape)])
}

/// A probe that follows very many connections.
#[derive(Debug)]
pub(super) struct Crowded {
    // Dropped before the connections, because it would follow the end of each.
    pub(super) probe: Probe,
    _holders: Vec<Process>,
    _operator: Process,
    pub(super) machine: Machine,
    /// Its memory without them, MB.
    before: f64,
}

impl Crowded {
    /// Both ends of each connection are followed.
    pub(super) fn new(flags: &[&str], connections: usize, patience: Duration) -> Result<Self> {
        let machine = crowd::machine()?;
        let operator = machine.operator()?;
        let probe = start_probe(&machine, &[&["--sample-interval", "5s"], flags].concat())?;
        thread::sleep(REST);
        let before = whole(probe.process().id())? / 1e6;
        let holders = crowd::connect(&machine, connections, PORT)?;
        await_followed(&probe, 2 * connections, patience)?;
        // They become old enough for series of their own.
        thread::sleep(REST);
        Ok(Self { probe, _holders: holders, _operator: operator, machine, before })
    }

    /// Memory beside that without connections.
    pub(super) fn memory(&self, name: &'static str) -> Result<Measured> {
        let id = self.probe.process().id();
        let (own, kernel, live) = (resident(id)? / 1e6, maps(id)? / 1e6, followed(&self.probe)?);
        let note = format!("{own:.1} MB resident, {kernel:.1} MB of maps, {live} connections on the machine");
        Ok(Measured::once(name, own + kernel, self.before).note(note))
    }
}

/// Peak memory, and bytes of the last scrape.
fn peak_of_scrapes(probe: &Probe) -> Result<(f64, usize)> {
    let id = probe.process().id();
    let watch = |over: &AtomicBool| {
        let mut peak = whole(id)?;
        while !over.load(Ordering::Relaxed) {
            peak = peak.max(whole(id)?);
            thread::sleep(BETWEEN_LOOKS);
        }
        Ok(peak)
    };
    beside(watch, || scrapes(probe))
}

fn scrapes(probe: &Probe) -> Result<usize> {
    let mut size = 0;
    for _ in 0..SCRAPES {
        let response = probe.get("/metrics", &["Accept: text/plain", "Accept-Encoding: gzip"])?;
        ensure!(response.header("content-encoding") == Some("gzip"), "the scrape is not compressed");
        size = response.body.len();
    }
    Ok(size)
}

/// Mapped parts of the maps count twice.
fn whole(id: u32) -> Result<f64> {
    Ok(resident(id)? + maps(id)?)
}

/// Bytes of the BPF maps that the process has open, each counted once.
fn maps(id: u32) -> Result<f64> {
    let mut bytes = HashMap::new();
    for entry in fs::read_dir(format!("/proc/{id}/fdinfo"))? {
        // The file of a scraper's connection may be gone.
        let Ok(said) = fs::read_to_string(entry?.path()) else { continue };
        let field = |name: &str| -> Option<u64> {
            said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
        };
        let (Some(map), Some(memory)) = (field("map_id"), field("memlock")) else { continue };
        bytes.insert(map, memory);
    }
    Ok(bytes.values().sum::<u64>() as f64)
}
