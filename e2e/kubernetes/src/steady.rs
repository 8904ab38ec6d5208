//! Known traffic between pods of both nodes, at a steady pace, counted by the programs themselves.
//!
//! ```text
//! web --> reviews (v1 on n1, v2 on n2) --> ratings ==> store <== batch (lossy)       --> short connections
//!  | ^--> outside the cluster                                                        ==> one that stays open
//!  '----> ratings' closed port: refused
//! ```

mod line;
mod server;
mod town;

pub use line::Line;
pub use town::{ANSWERS, Town};

use crate::namespace::Namespace;
use anyhow::{Context, Result};
use longwire_testkit::{Crew, Labels, Ledger};
use std::sync::Arc;
use std::time::Duration;

/// Interval of a line's turns, far below any window of a query.
const TURN: Duration = Duration::from_millis(200);

/// An edge as its series name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Labels that both reporters must write, without `reporter`.
    pub labels: Labels,
    /// The reporters whose pods are its ends.
    pub reporters: &'static [&'static str],
}

/// All running lines, until dropped.
#[derive(Debug)]
pub struct Steady {
    pub ledger: Arc<Ledger<Named>>,
    lines: Crew,
    _town: Town,
}

impl Steady {
    pub fn start(namespace: &Namespace<'_>) -> Result<Self> {
        let town = Town::build(namespace)?;
        let (ledger, mut lines) = (Arc::<Ledger<Named>>::default(), Crew::default());
        for mut line in town.lines(&namespace.name)? {
            let ledger = Arc::clone(&ledger);
            lines.repeat(TURN, move || line.turn(&ledger).with_context(|| format!("{line:?}")));
        }
        Ok(Self { ledger, lines, _town: town })
    }

    /// Fails with the reason of a line that has failed.
    pub fn check(&mut self) -> Result<()> {
        self.lines.check().context("the steady traffic ended")
    }
}
