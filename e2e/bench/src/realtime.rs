//! Wake-up latency of the highest-priority thread of each CPU, which shows what blocks a CPU.
#![expect(unsafe_code, reason = "nix has no call for the scheduling policy of a thread")]

use anyhow::Result;
use longwire_testkit::confirm;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
use std::io;
use std::thread;
use std::time::Duration;

const SLEEP: Duration = Duration::from_micros(200);

/// The greatest latency of all wake-ups within this time.
pub(super) fn worst_lateness(cpus: usize, span: Duration) -> Result<Duration> {
    thread::scope(|scope| {
        let sleepers: Vec<_> = (0..cpus).map(|cpu| scope.spawn(move || sleep_on(cpu, span))).collect();
        let worst = sleepers.into_iter().map(|sleeper| sleeper.join().expect("a sleeper"));
        worst.collect::<Result<Vec<_>>>().map(|worst| worst.into_iter().max().unwrap_or_default())
    })
}

fn sleep_on(cpu: usize, span: Duration) -> Result<Duration> {
    super::load::pin(cpu)?;
    become_urgent()?;
    let (mut due, mut worst) = (now()?, Duration::ZERO);
    let end = due + span;
    while due < end {
        due += SLEEP;
        clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &TimeSpec::from(due))?;
        let woke = now()?;
        worst = worst.max(woke.saturating_sub(due));
        // Periods that were slept through do not count again.
        due = due.max(woke);
    }
    Ok(worst)
}

fn now() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC)?.into())
}

/// Gives this thread a real-time priority.
fn become_urgent() -> Result<()> {
    let parameters = libc::sched_param { sched_priority: 80 };
    // SAFETY: the kernel reads the parameters, which live until it returns; 0 is the calling thread.
    let outcome = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) };
    confirm!(outcome == 0, "SCHED_FIFO: {}", io::Error::last_os_error())
}
