//! `make scale`: the operator with very many pods, Services and probes, on a real API server.
//!
//! ```text
//! cluster --> Longwire, two replicas --> Crowd on fake nodes --> Probes, each with a token and a stream
//!                                                                   |
//!              500 peers of one --> edits --> estimates --> memory --> leader killed, and the next leader --> docs/scale.md
//! ```
//!
//! Probes have no kernel here: everything from their pipeline to the operator is the real one.

mod change;
mod cut;
mod estimate;
mod growth;
mod peers;
mod probes;
mod report;
mod requests;

use crate::figures::{Row, row_of};
use crate::hardware;
use crate::measured::Measured;
use anyhow::{Context, Result, ensure};
use clap::Args;
use longwire_kubernetes::{
    KEPT, Kubernetes, Namespace, crowd::Crowd, crowd::REPLICAS, kwok::Kwok, longwire, longwire::replica,
    longwire::replica::Replica,
};
use longwire_testkit::{eventually, janitor};
use probes::Probes;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

const PATIENCE: Duration = Duration::from_secs(30);
/// Namespaces of the pods, which are distributed evenly.
const NAMESPACES: usize = 20;
/// Addresses that each probe asks for, except the first one.
const PEERS: usize = 50;
/// Addresses that the first one asks for.
const MANY_PEERS: usize = 500;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Pods, ten of a workload, with a Service before each.
    #[arg(long, default_value_t = 20_000)]
    pods: usize,
    /// Streams of probes, each of a node of its own.
    #[arg(long, default_value_t = 200)]
    probes: usize,
    /// The page that a run of full size regenerates.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

impl Options {
    /// Whether it is the size that the page is about.
    fn is_full(&self) -> bool {
        self.pods >= 20_000 && self.probes >= 200
    }
}

/// Whether everything is within its limits. `heap`: bytes that this process has allocated now.
pub fn run(options: &Options, heap: &dyn Fn() -> usize) -> Result<bool> {
    ensure!(env::var_os(KEPT).is_none(), "this takes a cluster of its own: unset {KEPT}");
    ensure!(options.probes > 1 && options.pods > MANY_PEERS, "too few pods or probes for a meaningful measurement");
    ensure!(options.pods / REPLICAS >= options.probes, "a probe without pods reports nothing: use more --pods");
    janitor::hire()?;
    let kubernetes = Kubernetes::shared()?;
    longwire::install(kubernetes)?;
    say(&format!("Longwire runs, {:.0} s after the start", kubernetes.brought_up_in.as_secs_f64()));
    let figures = measure(kubernetes, options, heap).with_context(|| longwire::logs(kubernetes))?;
    let missed: Vec<_> =
        figures.iter().filter(|(row, figure)| !row.target.is_met(figure.value)).map(|(row, _)| row.name).collect();
    if let Some(path) = options.page.as_ref().filter(|_| options.is_full()) {
        let page = report::page(&figures, &hardware::here());
        fs::write(path, page).with_context(|| format!("write {}", path.display()))?;
    }
    if !missed.is_empty() {
        println!("beyond the limits: {}", missed.join(", "));
    }
    Ok(missed.is_empty())
}

fn measure(
    kubernetes: &Kubernetes,
    options: &Options,
    heap: &dyn Fn() -> usize,
) -> Result<Vec<(&'static Row, Measured)>> {
    let mut figures = Figures::default();
    let namespaces = (0..NAMESPACES).map(|_| kubernetes.namespace()).collect::<Result<Vec<_>>>()?;
    let names: Vec<String> = namespaces.iter().map(|namespace: &Namespace<'_>| namespace.name.clone()).collect();
    let kwok = Kwok::start(kubernetes, &names[0], options.probes)?;
    let replicas = replica::all(kubernetes)?;
    ensure!(replicas.len() == 2, "{} replicas", replicas.len());
    // Until here only the real nodes' probes have streams.
    let few = requests::open_watches(kubernetes, &replicas)?;
    let crowd = Crowd::new(&kwok, options.probes, names, options.pods);
    figures.note(growth::measure(kubernetes, &crowd, &replicas)?);
    let mut probes = Probes::new(kubernetes, &kwok, options.probes)?;
    let addresses = growth::addresses(kubernetes, &crowd)?;
    figures.note([peers::measure(&mut probes, &addresses[..MANY_PEERS], heap)?]);
    figures.note([probes.start_rest(&addresses, PEERS)?]);
    // The API server ends each watch after some minutes, and the client restarts it a moment later.
    let same = || requests::compare(&few, &requests::open_watches(kubernetes, &replicas)?);
    figures.note(eventually(PATIENCE, same)?);
    figures.note(change::measure(kubernetes, &crowd, &probes)?);
    figures.note(estimate::measure(kubernetes, &probes)?);
    for number in 1..=2 {
        figures.note(memory(&replicas, number)?);
        figures.note(cut::measure(kubernetes, &crowd, &replicas, &probes, number)?);
    }
    figures.note(memory(&replicas, 3)?);
    Ok(figures.0)
}

/// Memory of the replicas: before the first cut, between the two, and after the second.
fn memory(replicas: &[Replica], moment: usize) -> Result<[Measured; 1]> {
    const NAMES: [&str; 3] = ["operator_mb", "operator_once_killed_mb", "operator_twice_killed_mb"];
    let all = replicas.iter().map(Replica::memory).collect::<Result<Vec<_>>>()?;
    let peak = all.iter().map(|memory| memory.peak).max().unwrap_or_default();
    let now: Vec<_> = all.iter().map(|memory| format!("{:.0}", memory.resident as f64 / 1e6)).collect();
    let note = format!("now {} MB", now.join(" and "));
    Ok([Measured::alone(NAMES[moment - 1], peak as f64 / 1e6).note(note)])
}

/// Printed as they come.
#[derive(Default)]
struct Figures(Vec<(&'static Row, Measured)>);

impl Figures {
    fn note(&mut self, figures: impl IntoIterator<Item = Measured>) {
        let rows = figures.into_iter().map(|figure| (row_of(figure.name).expect("a row of the table"), figure));
        self.0.extend(rows.inspect(|(row, figure)| println!("{}", report::line(row, figure))));
    }
}

/// Prints the progress.
fn say(what: &str) {
    eprintln!("scale: {what}");
}
