//! Processor time: of the whole machine, and of processes.

use anyhow::{Context, Result};
use std::fs;

/// Ticks of /proc/stat a second: USER_HZ, on every architecture that Linux runs on today.
const TICKS: f64 = 100.0;

/// Seconds that all CPUs together were busy since boot: all but idle, waiting for a disk, or the hypervisor's.
pub(super) fn machine() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("/proc/stat has no line cpu")?;
    let ticks = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user.
    let busy: u64 = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum();
    Ok(busy as f64 / TICKS)
}

/// Seconds that all threads of a process ran, to the nanosecond; those that ended are left out.
pub(super) fn process(id: u32) -> Result<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread may end while one looks.
        let Ok(said) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanoseconds += said.split(' ').next().context("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// CPUs of this machine that this process may use.
pub(super) fn count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
