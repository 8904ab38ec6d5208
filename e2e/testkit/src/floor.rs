//! Checks that counters never go back, whatever happens to the probe.

use crate::scrape::{Labels, Scrape};
use anyhow::{Result, bail};
use std::collections::BTreeMap;

/// Families of connections, not self-metrics, which start anew with their process.
const FAMILIES: [&str; 3] = ["istio_tcp_", "kmesh_tcp_", "longwire_tcp_"];
/// Series of single connections, which expire a minute after their connection. They must not come back lower.
const EXPIRING: &str = "kmesh_tcp_connection_";
/// Suffixes of counters.
const RISING: [&str; 4] = ["_total", "_bucket", "_count", "_sum"];

/// The highest value of each series so far.
#[derive(Debug, Default)]
pub struct Floor {
    highest: BTreeMap<(String, Labels), f64>,
}

impl Floor {
    /// Fails if a series is lower than before, or missing.
    pub fn rise(&mut self, scrape: &Scrape) -> Result<()> {
        let rising = scrape.samples.iter().filter(|sample| is_rising(&sample.name));
        let seen = rising.map(|sample| ((sample.name.clone(), sample.labels.clone()), sample.value));
        let mut seen: BTreeMap<_, _> = seen.collect();
        for (series @ (name, labels), highest) in &self.highest {
            match seen.get(series) {
                Some(value) if value >= highest => {}
                Some(value) => bail!("{name}{labels:?} went back from {highest} to {value}"),
                None if name.starts_with(EXPIRING) => drop(seen.insert(series.clone(), *highest)),
                None => bail!("{name}{labels:?} was {highest} and is missing"),
            }
        }
        self.highest = seen;
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.highest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.highest.is_empty()
    }
}

fn is_rising(name: &str) -> bool {
    FAMILIES.iter().any(|family| name.starts_with(family)) && RISING.iter().any(|ending| name.ends_with(ending))
}
