//! Processor time of the whole machine and of processes.

use anyhow::{Context, Result};
use std::fs;

/// Ticks a second in /proc/stat: USER_HZ, the same on every architecture of Linux today.
const TICKS: f64 = 100.0;

/// Seconds that all CPUs were busy since boot: without idle, iowait and steal.
pub(super) fn machine() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("/proc/stat has no line cpu")?;
    let ticks = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq, steal; further fields are part of user.
    let busy: u64 = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum();
    Ok(busy as f64 / TICKS)
}

/// Seconds that all threads of a process ran, without those that have ended; nanosecond resolution.
pub(super) fn process(id: u32) -> Result<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread may end meanwhile.
        let Ok(said) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanoseconds += said.split(' ').next().context("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// CPUs of this machine that this process may use.
pub(super) fn count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
