//! What a run measures, and for how long.

use super::figures::FIGURES;
use super::{GROUPS, Options};
use anyhow::{Result, ensure};

#[derive(Clone, Debug)]
pub(super) struct Plan {
    names: Vec<String>,
    /// Rounds of each measurement, with one of its reference.
    pub(super) rounds: usize,
    /// Seconds of one block of traffic.
    pub(super) seconds: f64,
}

impl Plan {
    pub(super) fn new(options: &Options) -> Result<Self> {
        let plan =
            Self { names: options.names.clone(), rounds: options.rounds.max(1), seconds: options.seconds.max(0.1) };
        for name in &plan.names {
            let known =
                GROUPS.iter().any(|group| group.name == name) || FIGURES.iter().any(|row| names(name, row.name));
            ensure!(known, "unknown figure {name}: known are {}", known_names());
        }
        Ok(plan)
    }

    /// Whether a measurement was requested: by name, prefix or group.
    pub(super) fn wants(&self, figure: &str) -> bool {
        let of_group = |name: &str| GROUPS.iter().any(|group| group.name == name && group.figures.contains(&figure));
        self.names.is_empty() || self.names.iter().any(|name| names(name, figure) || of_group(name))
    }
}

fn names(name: &str, figure: &str) -> bool {
    figure.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn known_names() -> String {
    let groups = GROUPS.iter().map(|group| group.name);
    groups.chain(FIGURES.iter().map(|row| row.name)).collect::<Vec<_>>().join(", ")
}
