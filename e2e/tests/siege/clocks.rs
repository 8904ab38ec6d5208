//! The system clock jumps, under operator and probe. Nothing is counted twice, lost or reported for another pod.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Machine, SAMPLE_INTERVAL, Siege, janitor, throughout};
use std::fs;
use std::path::Path;

/// Debian's faketime: `CLOCK_REALTIME` comes from a file, `CLOCK_MONOTONIC` is unchanged.
fn library() -> Result<String> {
    let path = format!("/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1", std::env::consts::ARCH);
    ensure!(Path::new(&path).exists(), "{path} is missing: run .ci/deps test");
    Ok(path)
}

#[test]
fn a_clock_that_jumps_by_a_day_and_back_takes_nothing_away() -> Result<()> {
    let directory = janitor::temporary_directory("clock")?;
    let clock = directory.path().join("offset");
    fs::write(&clock, "+0d")?;
    let clock = clock.to_str().context("path")?;
    let (preload, file) = (format!("LD_PRELOAD={}", library()?), format!("FAKETIME_TIMESTAMP_FILE={clock}"));
    let wrapper = ["env", &preload, &file, "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1"];
    let siege = Siege::start_under("clocks", Machine::new(2, &[])?, &wrapper, &[])?;
    let (probe, mut bystander) = (&siege.cluster.probe, siege.bystander()?);
    bystander.talk(5)?;
    bystander.expect_exact(probe)?;
    for offset in ["+1d", "-1d", "-3650d", "+0d"] {
        fs::write(clock, offset)?;
        bystander.talk(5)?;
        bystander.expect_exact(probe).with_context(|| format!("with the clock at {offset}"))?;
        // Passes keep their interval, because they use the monotonic clock.
        throughout(SAMPLE_INTERVAL * 2, || bystander.pair.edge.both_say(&probe.scrape()?, bystander.truth))?;
    }
    siege.end(&[])
}
