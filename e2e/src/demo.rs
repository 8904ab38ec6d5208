//! The demo: Bookinfo on one machine, watched by an operator and a probe, compared with the counters of its programs.
//!
//! ```text
//! docs/one-machine/bookinfo/*.yaml --> longwire-operator --> longwire-probe --> /metrics --> live table, sums
//!             +--> Stage (namespaces, veth pairs, DNAT) --> Traffic --> Ledger ---------------- == ----+
//! ```

mod bookinfo;
mod film;
mod ledger;
mod play;
mod report;
mod stage;
mod table;
mod wire;

use anyhow::{Context, Result};
use bookinfo::Bookinfo;
use ledger::Ledger;
use longwire_testkit::{Probe, Slot, start_operator};
use stage::Stage;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use table::Screen;

const REFRESH: Duration = Duration::from_secs(2);
/// Interval of checks for Ctrl-C.
const ATTENTION: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub struct Options {
    pub traffic: Duration,
    pub manifests: PathBuf,
    /// File for a picture of the output.
    pub picture: Option<PathBuf>,
}

/// Whether the probe and the programs agree to the byte.
pub fn run(options: &Options, stop: &Arc<AtomicBool>) -> Result<bool> {
    longwire_testkit::janitor::hire()?;
    let slot = Slot::lock(244).context("another demo is running on this machine")?;
    let bookinfo = Bookinfo::read(&options.manifests)?;
    let mut screen = Screen::new(options.picture.is_some());

    screen.say(&format!("Building {} pods and {} Services.", bookinfo.pods.len(), bookinfo.services.len()));
    let stage = Stage::build(&bookinfo, slot)?;
    let _operator = start_operator(&stage.node, &[], &options.manifests)?;
    let probe = Probe::ready(&stage.node.netns, &["--node-name", &bookinfo.node.name])?;

    screen.say(&format!("Traffic for {} s; Ctrl-C ends it early.\n", options.traffic.as_secs()));
    let ledger = Arc::new(Ledger::default());
    let play = play::begin(&stage, &bookinfo, &ledger)?;
    let start = Instant::now();
    let mut refreshed = start;
    while start.elapsed() < options.traffic && !stop.load(Ordering::Relaxed) {
        thread::sleep(ATTENTION);
        if refreshed.elapsed() >= REFRESH {
            refreshed = Instant::now();
            screen.refresh(&table::live(&probe.scrape()?, start.elapsed()));
        }
    }

    screen.say("\nClosing all connections.");
    play.end()?;
    let agreed = report::compare(&probe, &ledger, &mut screen)?;
    if let (Some(file), Some(picture)) = (&options.picture, screen.develop()) {
        fs::write(file, picture).with_context(|| format!("write the picture {}", file.display()))?;
    }
    Ok(agreed)
}
