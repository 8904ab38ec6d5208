//! Finds which labels dashboards and Kiali read, from their queries, for `charts/longwire/consumers.json`. By it the
//! operator and the API server warn of policies that change these labels.

use crate::Values;
use crate::kiali::{SECURITY, Traffic, queries};
use crate::promql;
use longwire_model::series::{FAMILIES, Family, Kind, SeriesSet};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Labels of each of these metrics that the consumer reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consumer {
    pub consumer: String,
    pub metrics: Vec<&'static str>,
    pub labels: BTreeSet<String>,
}

/// Consumers: Kiali, then the dashboards.
pub fn all() -> Vec<Consumer> {
    let graphs = queries(Traffic::Total, "shop", 60).into_iter().flat_map(|(_, queries)| queries);
    let graphs = graphs.flat_map(|query| {
        let security = query.replace(" by (", &format!(" by ({SECURITY},"));
        [query, security]
    });
    let mut found = rows("Kiali", &graphs.collect::<Vec<_>>());
    for dashboard in crate::all() {
        found.extend(rows(&format!("dashboard {}", dashboard.title), &expressions(&dashboard)));
    }
    found
}

pub(crate) fn expressions(dashboard: &crate::Dashboard) -> Vec<String> {
    let queries = dashboard.panels().flat_map(|panel| &panel.queries).map(|query| query.expression.clone());
    let variables = dashboard.variables.iter().map(|variable| match &variable.values {
        // The label is beside the series.
        Values::Of { series, label } => format!("count by ({label}) ({series})"),
        Values::In { query, .. } => query.clone(),
    });
    queries.chain(variables).collect()
}

/// Names of a family's series.
pub(crate) fn names_of(family: &Family) -> Vec<String> {
    let is_histogram = matches!(family.kind, Kind::Histogram(_));
    let suffixes: &[&str] = if is_histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
    suffixes.iter().map(|suffix| format!("{}{suffix}", family.name)).collect()
}

/// Metrics with the same labels in one row.
fn rows(consumer: &str, expressions: &[String]) -> Vec<Consumer> {
    let mut labels: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for expression in expressions {
        let names = promql::names(expression);
        for family in FAMILIES.iter().filter(|family| family.set != SeriesSet::Envoy) {
            if names_of(family).iter().any(|name| names.series.contains(name)) {
                let own = names.labels.iter().filter(|label| family.labels().contains(&label.as_str()));
                labels.entry(family.name).or_default().extend(own.cloned());
            }
        }
    }
    let mut rows: Vec<Consumer> = Vec::new();
    for (metric, labels) in labels.into_iter().filter(|(_, labels)| !labels.is_empty()) {
        match rows.iter_mut().find(|row| row.labels == labels) {
            Some(row) => row.metrics.push(metric),
            None => rows.push(Consumer { consumer: consumer.to_owned(), metrics: vec![metric], labels }),
        }
    }
    rows
}

/// The text of the file, with a row for each line.
pub fn text() -> String {
    let rows: Vec<String> = all().iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
    format!("[\n  {}\n]\n", rows.join(",\n  "))
}
