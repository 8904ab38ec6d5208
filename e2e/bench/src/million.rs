//! A million live connections: what the probe's memory and one pass over them take. Only on request, because it takes
//! minutes and many gigabytes.

use super::crowd::Room;
use super::measured::Measured;
use super::memory::Crowded;
use super::passes::{Passes, dump, followed, self_metric};
use super::plan::Plan;
use anyhow::{Result, ensure};
use longwire_testkit::{Probe, eventually};
use std::time::Duration;

pub(super) const FIGURES: [&str; 2] = ["memory_1m_mb", "pass_1m_kernel_ms"];
/// Both ends are followed, so these are half as many pairs of sockets.
const WANTED: u64 = 1_000_000;
/// The probe's table, with room for others on the machine. The kernel's is twice as large.
const TABLE: &str = "1048576";
const PASSES: f64 = 3.0;
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn measure(_: &Plan) -> Result<Vec<Measured>> {
    let fitting = Room::here()?.fit(WANTED);
    println!("{:<34} {fitting}", "million");
    let sockets = usize::try_from(fitting.sockets)?;
    ensure!(sockets > 0, "no room for a single connection: {fitting}");
    let crowded = Crowded::new(&["--max-connections", TABLE], sockets / 2, PATIENCE)?;
    let (probe, memory) = (&crowded.probe, crowded.memory(FIGURES[0])?);
    let state = self_metric(&probe.text()?, "longwire_probe_state_bytes")? / 1e6;
    let note = format!("{fitting}; {}, {state:.1} MB of saved state", memory.note);
    let memory = memory.note(note);
    let (live, (pass, all)) = (followed(probe)?, one_pass(probe)?);
    let dump = dump(&crowded.machine)?.as_secs_f64() * 1e3;
    let note = format!("{fitting}; {:.0} ns for each, {all:.0} ms with the processing of samples", pass * 1e6 / live);
    Ok(vec![memory, Measured::once(FIGURES[1], pass, dump).note(note)])
}

/// Milliseconds of a pass in the kernel, and of all of it: the mean of some passes.
fn one_pass(probe: &Probe) -> Result<(f64, f64)> {
    let before = Passes::read(probe)?;
    let after = eventually(PATIENCE, || {
        let after = Passes::read(probe)?;
        ensure!(after.count >= before.count + PASSES, "{} passes since {}", after.count, before.count);
        Ok(after)
    })?;
    let mean = |seconds: f64| seconds / (after.count - before.count) * 1e3;
    Ok((mean(after.seconds - before.seconds), mean(after.whole - before.whole)))
}
