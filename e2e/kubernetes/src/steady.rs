//! Known traffic between pods of both nodes, at a steady pace, counted by the programs themselves.
//!
//! ```text
//! web --> reviews (v1 on n1, v2 on n2) --> ratings ==> store <== batch (lossy)       --> short connections
//!  | ^--> outside the cluster                                                        ==> one that stays open
//!  '----> ratings' closed port: refused
//! ```

mod ledger;
mod line;
mod server;
mod town;

pub use ledger::{Book, ByEnd, Counts, Ledger, Spread, Time, now};
pub use line::Line;
pub use town::{ANSWERS, Town};

use crate::namespace::Namespace;
use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Interval of a line's turns, far below any window of a query.
const TURN: Duration = Duration::from_millis(200);

/// All running lines, until dropped.
#[derive(Debug)]
pub struct Steady {
    pub ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<Result<()>>>,
    _town: Town,
}

impl Steady {
    pub fn start(namespace: &Namespace<'_>) -> Result<Self> {
        let town = Town::build(namespace)?;
        let (ledger, stop) = (Arc::new(Ledger::default()), Arc::new(AtomicBool::new(false)));
        let workers = town.lines(&namespace.name)?.into_iter().map(|line| {
            let (ledger, stop) = (Arc::clone(&ledger), Arc::clone(&stop));
            thread::spawn(move || work(line, &ledger, &stop))
        });
        let workers = workers.collect();
        Ok(Self { ledger, stop, workers, _town: town })
    }

    /// Fails with the reason of a line that has failed.
    pub fn check(&mut self) -> Result<()> {
        while let Some(ended) = self.workers.iter().position(JoinHandle::is_finished) {
            let outcome = self.workers.swap_remove(ended).join().expect("a line's worker");
            outcome.context("the steady traffic ended")?;
        }
        Ok(())
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers.drain(..) {
            // `check` has reported the errors of lines.
            let _ = worker.join();
        }
    }
}

fn work(mut line: Line, ledger: &Ledger, stop: &AtomicBool) -> Result<()> {
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        line.turn(ledger).with_context(|| format!("{line:?}"))?;
        due += TURN;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}
