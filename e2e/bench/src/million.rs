//! A million live connections: what the probe's memory and one pass over them take. Only on request, because it takes
//! minutes and many gigabytes.

use super::crowd::{self, Room};
use super::measured::Measured;
use super::memory::{maps, whole};
use super::passes::{Passes, await_followed, dump, followed, self_metric};
use super::plan::Plan;
use super::watcher::start_probe;
use anyhow::{Result, ensure};
use longwire_testkit::pod::PORT;
use longwire_testkit::process::resident;
use longwire_testkit::{Probe, eventually};
use std::thread;
use std::time::Duration;

pub(super) const FIGURES: [&str; 2] = ["memory_1m_mb", "pass_1m_kernel_ms"];
/// Both ends are followed, so these are half as many pairs of sockets.
const WANTED: u64 = 1_000_000;
/// The probe's table, with room for others on the machine. The kernel's is twice as large.
const TABLE: &str = "1048576";
const PASSES: f64 = 3.0;
/// Until the allocator has returned buffers of the start, and until connections have series of their own.
const REST: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn measure(_: &Plan) -> Result<Vec<Measured>> {
    let fitting = Room::here()?.fit(WANTED);
    println!("{:<34} {fitting}", "million");
    let sockets = usize::try_from(fitting.sockets)?;
    ensure!(sockets > 0, "no room for a single connection: {fitting}");
    let machine = crowd::machine()?;
    let operator = machine.operator()?;
    let probe = start_probe(&machine, &["--sample-interval", "5s", "--max-connections", TABLE])?;
    thread::sleep(REST);
    let id = probe.process().id();
    let before = whole(id)? / 1e6;
    let holders = crowd::connect(&machine, sockets / 2, PORT)?;
    await_followed(&probe, sockets, PATIENCE)?;
    thread::sleep(REST);
    let (own, kernel, live) = (resident(id)? / 1e6, maps(id)? / 1e6, followed(&probe)?);
    let memory = Measured {
        reference: Some(before),
        ratio: Some((own + kernel) / before),
        ..Measured::alone(FIGURES[0], own + kernel)
    };
    let memory = memory.note(format!(
        "{fitting}; {own:.1} MB resident, {kernel:.1} MB of maps, {live} connections on the machine, {:.1} MB of saved state",
        self_metric(&probe.text()?, "longwire_probe_state_bytes")? / 1e6
    ));
    let (pass, all) = one_pass(&probe)?;
    let dump = dump(&machine)?.as_secs_f64() * 1e3;
    let note = format!("{fitting}; {:.0} ns for each, {all:.0} ms with the processing of samples", pass * 1e6 / live);
    let pass = Measured { reference: Some(dump), ratio: Some(pass / dump), ..Measured::alone(FIGURES[1], pass) };
    // Before the connections, because it would follow the end of each.
    drop(probe);
    drop(holders);
    drop(operator);
    Ok(vec![memory, pass.note(note)])
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
