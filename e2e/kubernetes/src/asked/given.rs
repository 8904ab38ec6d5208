//! Prometheus' answers to the queries that Grafana sends.

use super::Rows;
use super::expected::WINDOW;
use super::sheet::{Expectation, Of};
use anyhow::{Result, ensure};
use longwire_dashboards::promql;
use longwire_testkit::{Prometheus, Row};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Variables that a user chooses, and those that Grafana sets.
pub type Variables = BTreeMap<String, String>;

/// Labels with the namespaces of a row's ends.
const WHOSE: [&str; 4] = [
    "source_workload_namespace",
    "destination_workload_namespace",
    "destination_service_namespace",
    "destination_service",
];

static RANGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[(\d+)(s|m)\]").expect("a valid expression"));

#[derive(Debug)]
pub struct Given<'a> {
    pub prometheus: &'a Prometheus,
    /// Seconds between scrapes.
    pub interval: u32,
    /// Namespace of the known traffic.
    pub namespace: &'a str,
    /// Seconds since 1970.
    pub moment: f64,
}

impl Given<'_> {
    /// A query's rows by the expectation's labels. A rate is the mean over adjacent windows, so that it covers the same
    /// time whatever the query's window is.
    pub fn rows(&self, query: &str, variables: &Variables, expectation: &Expectation) -> Result<Rows<f64>> {
        let query = promql::fill(query, |name| variables.get(name).map(String::as_str));
        let unfilled = promql::variables(&query);
        ensure!(unfilled.is_empty(), "nobody has chosen {unfilled:?}");
        let window = match expectation.of {
            Of::Rate(_) | Of::Share(_) => self.window(&query),
            _ => WINDOW,
        };
        let times = (WINDOW / window).max(1.0).floor() as u32;
        let mut mean = Rows::<f64>::new();
        for turn in 0..times {
            let answer = self.prometheus.query(&query, self.moment - f64::from(turn) * window)?;
            for (labels, value) in self.told_apart(answer, expectation, query.contains(self.namespace))? {
                *mean.entry(labels).or_default() += value / f64::from(times);
            }
        }
        Ok(mean)
    }

    /// Seconds of the query's own window: the last two samples with `irate`.
    fn window(&self, query: &str) -> f64 {
        if query.contains("irate(") {
            return self.interval.into();
        }
        let seconds = RANGE.captures_iter(query).filter_map(|found| {
            let number: f64 = found[1].parse().ok()?;
            Some(if &found[2] == "m" { number * 60.0 } else { number })
        });
        seconds.fold(f64::INFINITY, f64::min).min(WINDOW)
    }

    /// Drops other tests' traffic, unless the query selects a namespace itself.
    fn told_apart(&self, answer: Vec<Row>, expectation: &Expectation, is_about_ours: bool) -> Result<Rows<f64>> {
        let mut rows = Rows::new();
        // Quantiles of empty histograms are NaN.
        for Row { mut labels, value } in answer.into_iter().filter(|row| !row.value.is_nan()) {
            let names: Vec<&String> = WHOSE.iter().filter_map(|label| labels.get(*label)).collect();
            let is_ours = |name: &&String| **name == self.namespace || name.contains(&format!(".{}.", self.namespace));
            if is_about_ours || names.is_empty() || names.iter().any(is_ours) {
                labels.retain(|label, _| expectation.by.contains(label));
                ensure!(rows.insert(labels.clone(), value).is_none(), "two rows for {labels:?}");
            }
        }
        Ok(rows)
    }
}
