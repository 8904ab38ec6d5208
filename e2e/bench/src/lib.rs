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
mod exports;
mod figures;
mod followed;
mod hardware;
mod ingest;
mod live;
mod load;
mod logs;
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
use clap::Args;
use measured::Measured;
use plan::Plan;
use std::fs;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Figures, first words of figures, or groups of them [default: all but `million`].
    names: Vec<String>,
    /// Measurements of each figure and of its reference.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Seconds of one block of traffic.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The page that a whole run regenerates.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
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
const GROUPS: [Group; 10] = [
    Group { name: "idle", figures: &memory::IDLE, measure: memory::idle, on_request: false },
    Group { name: "overhead", figures: &overhead::FIGURES, measure: overhead::measure, on_request: false },
    Group { name: "ingest", figures: &ingest::FIGURES, measure: ingest::measure, on_request: false },
    Group { name: "logs", figures: &logs::FIGURES, measure: logs::measure, on_request: false },
    Group { name: "scrape", figures: &scrape::FIGURES, measure: scrape::measure, on_request: false },
    Group { name: "exports", figures: &exports::FIGURES, measure: exports::measure, on_request: false },
    Group { name: "live", figures: &live::FIGURES, measure: live::measure, on_request: false },
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
    let run = report::json(&all, hardware::here());
    if let Some(path) = &options.json {
        fs::write(path, format!("{run:#}\n")).with_context(|| format!("write {}", path.display()))?;
    }
    if let Some(path) = options.page.as_ref().filter(|_| complete && options.names.is_empty()) {
        fs::write(path, report::markdown(&run)).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(complete)
}
