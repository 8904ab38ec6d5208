//! The probe's exposition at one moment, read by a strict parser.

mod text;

use anyhow::{Result, bail};
use std::collections::BTreeMap;

pub use text::Format;

/// Label names and values.
pub type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
}

impl Sample {
    /// One line of either format, of whatever program.
    pub fn parse(line: &str) -> Result<Self> {
        text::sample(line)
    }
}

/// A scrape that conforms to its format.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    pub samples: Vec<Sample>,
}

impl Scrape {
    pub fn parse(body: &str, format: Format) -> Result<Self> {
        Ok(Self { samples: text::parse(body, format)? })
    }

    /// Samples of one name that have all these label values.
    pub fn select(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Sample> {
        let has = |sample: &Sample, (key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|v| v == value);
        let matches = |sample: &&Sample| sample.name == name && labels.iter().all(|label| has(sample, label));
        self.samples.iter().filter(matches).collect()
    }

    /// Their sum. Exact, because tests count below 2^53.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.select(name, labels).iter().map(|sample| sample.value as u64).sum()
    }

    /// The value of a counter of the kernel side, a loss or not.
    pub fn of_kernel(&self, kind: &str) -> u64 {
        let names = ["longwire_probe_kernel_losses_total", "longwire_probe_kernel_exceptions_total"];
        names.iter().map(|name| self.sum(name, &[("kind", kind)])).sum()
    }

    /// What a probe that went on from another one has lost.
    pub fn lost_at_restart(&self, kind: &str) -> u64 {
        self.sum("longwire_probe_restart_losses", &[("kind", kind)])
    }

    /// The only sample that matches.
    pub fn only(&self, name: &str, labels: &[(&str, &str)]) -> Result<&Sample> {
        let found = self.select(name, labels);
        let [only] = found[..] else { bail!("{} samples of {name} with {labels:?}", found.len()) };
        Ok(only)
    }
}
