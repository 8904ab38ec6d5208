//! Idle connections to a probe with few file descriptors: it closes some of them instead of ending.

use crate::hostile_clients::{Hostile, Kind};
use anyhow::Result;
use longwire_testkit::{Machine, SAMPLE_INTERVAL, Siege, confirm};
use std::thread;

const SOURCES: usize = 4;
const CONNECTIONS: usize = 1_000;

/// Returns how often no file descriptor was left.
fn besiege(attack: &'static str, limit: u64) -> Result<u64> {
    let prlimit = ["prlimit", &format!("--nofile={limit}:{limit}")];
    let siege = Siege::start_under(attack, Machine::new(SOURCES + 2, &[])?, &prlimit, &[])?;
    let (probe, mut bystander) = (&siege.cluster.probe, siege.bystander()?);
    let hostile = Hostile::start(&siege.cluster.machine, SOURCES, CONNECTIONS / SOURCES, &[Kind::Idle])?;
    for _ in 0..4 {
        bystander.talk(20)?;
        // Some passes.
        thread::sleep(SAMPLE_INTERVAL);
    }
    bystander.expect_exact(probe)?;
    let scrape = probe.scrape()?;
    let missing = scrape.sum("longwire_probe_out_of_descriptors_total", &[]);
    let figures = [("limit", limit as f64), ("out_of_descriptors", missing as f64)];
    drop(hostile);
    siege.end(&figures)?;
    Ok(missing)
}

#[test]
fn a_thousand_idle_connections_do_not_use_up_a_thousand_descriptors() -> Result<()> {
    let missing = besiege("descriptors", 1_024)?;
    confirm!(missing == 0, "no descriptor was left {missing} times")
}

#[test]
fn where_no_descriptor_is_left_counters_stay_exact_and_scrapes_are_answered() -> Result<()> {
    let missing = besiege("few_descriptors", 100)?;
    confirm!(missing > 0, "there were descriptors enough: the test shows nothing")
}
