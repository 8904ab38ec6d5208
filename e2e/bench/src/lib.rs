//! `make bench`: the cost of Longwire, each value beside a reference of the same run.
//!
//! ```text
//! Plan --> GROUPS, one after the other --> Measured --> a line at once
//!            each: A B A B ... medians          +-----> bench.json --> docs/performance.md
//! ```
//!
//! Nothing else of the run works while times are taken. All namespaces and cgroups belong to this process and are
//! removed with it.

mod crowd;
mod figures;
mod followed;
mod hardware;
mod ingest;
mod load;
mod measured;
mod memory;
mod million;
mod overhead;
mod passes;
mod per_packet;
mod plan;
mod processor;
mod realtime;
mod report;
pub mod scale;
mod scrape;
mod statistics;
mod watcher;

pub use crowd::{HolderArguments, hold};
pub use load::{ClientArguments, ServerArguments, client, server};

use anyhow::{Context, Result};
use hardware::Hardware;
use measured::Measured;
use plan::Plan;
use std::fs;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Options {
    /// Names of measurements, prefixes of names, or groups; empty: all but those on request.
    pub names: Vec<String>,
    /// Rounds of each measurement and its reference.
    pub rounds: usize,
    /// Seconds of one block of traffic.
    pub seconds: f64,
    /// File for the JSON, and the page that is made of it. The page is only for a whole run.
    pub json: Option<PathBuf>,
    pub page: Option<PathBuf>,
}

/// Values that are measured together.
struct Group {
    name: &'static str,
    figures: &'static [&'static str],
    measure: fn(&Plan) -> Result<Vec<Measured>>,
    /// Not part of a whole run.
    on_request: bool,
}

/// The idle probe comes first, because the others leave work in the kernel that would disturb it.
const GROUPS: [Group; 7] = [
    Group { name: "idle", figures: &memory::IDLE, measure: memory::idle, on_request: false },
    Group { name: "overhead", figures: &overhead::FIGURES, measure: overhead::measure, on_request: false },
    Group { name: "ingest", figures: &ingest::FIGURES, measure: ingest::measure, on_request: false },
    Group { name: "scrape", figures: &scrape::FIGURES, measure: scrape::measure, on_request: false },
    Group { name: "passes", figures: &passes::FIGURES, measure: passes::measure, on_request: false },
    Group { name: "memory", figures: &memory::CROWDED, measure: memory::crowded, on_request: false },
    Group { name: "million", figures: &million::FIGURES, measure: million::measure, on_request: true },
];

/// Whether all requested values could be measured. Logs why one could not.
pub fn run(options: &Options) -> Result<bool> {
    overhead::check_programs()?;
    longwire_testkit::janitor::hire()?;
    let plan = Plan::new(options)?;
    let (mut all, mut complete) = (Vec::new(), true);
    for group in GROUPS.iter().filter(|group| group.figures.iter().any(|figure| plan.wants(figure))) {
        match (group.measure)(&plan) {
            Ok(figures) => {
                let wanted = figures.into_iter().filter(|figure| plan.wants(figure.name));
                all.extend(wanted.inspect(|figure| println!("{}", report::line(figure))));
            }
            Err(error) => {
                complete = false;
                println!("{:<34} not measured: {error:#}", group.name);
            }
        }
    }
    let run = report::json(&all, &Hardware::here());
    if let Some(path) = &options.json {
        fs::write(path, format!("{run:#}\n")).with_context(|| format!("write {}", path.display()))?;
    }
    if let Some(path) = options.page.as_ref().filter(|_| complete && options.names.is_empty()) {
        fs::write(path, report::markdown(&run)).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(complete)
}
