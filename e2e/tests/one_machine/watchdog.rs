//! A probe that stands still says so afterwards.

use anyhow::{Result, ensure};
use longwire_testkit::{Machine, Probe, Scrape, confirm, eventually};
use nix::sys::signal::Signal;
use std::thread::sleep;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Misses and mega misses of the sampling thread.
fn misses(scrape: &Scrape) -> (u64, u64) {
    let of = |name| scrape.sum(name, &[("loop", "sampler")]);
    (of("longwire_probe_watchdog_misses_total"), of("longwire_probe_watchdog_mega_misses_total"))
}

#[test]
fn a_probe_that_stands_still_counts_it_as_misses_by_how_long() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let probe = Probe::start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    let stand_still = |still: Duration, mega: u64| {
        let before = misses(&probe.scrape()?);
        probe.process().signal(Signal::SIGSTOP)?;
        sleep(still);
        probe.process().signal(Signal::SIGCONT)?;
        probe.until(|scrape| {
            let after = misses(scrape);
            let (all, megas) = (after.0 - before.0, after.1 - before.1);
            // A busy machine may add some of its own.
            confirm!(all >= 1 && megas >= mega, "{all} misses, {megas} mega misses after {still:?}")
        })
    };
    stand_still(Duration::from_millis(1_500), 1)?;
    // A busy machine may stall this thread, so that it is more than a second.
    eventually(PATIENCE, || {
        stand_still(Duration::from_millis(500), 0)?;
        let scrape = probe.scrape()?;
        let of = |name: &str| scrape.sum(name, &[("loop", "sampler")]);
        let delays = of("longwire_probe_loop_delay_seconds_count");
        let turns = of("longwire_probe_loop_duration_seconds_count");
        ensure!(delays > 20 && turns.abs_diff(delays) <= 1, "{delays} delays of {turns} turns");
        let within =
            |bound| scrape.sum("longwire_probe_loop_delay_seconds_bucket", &[("loop", "sampler"), ("le", bound)]);
        let (fast, slow) = (within("0.2"), within("1.0"));
        confirm!(fast < slow && slow < delays, "{fast} delays below 0.2 s and {slow} below 1 s of {delays}")
    })
}
