//! Who reads which labels of which metrics, from the queries themselves: what `charts/longwire/consumers.json` says, by which the
//! operator and the API server warn of policies that change them.

use crate::grafana::{self, Values};
use crate::kiali::{SECURITY, Traffic, queries};
use crate::promql;
use longwire_model::series::{FAMILIES, Kind, SeriesSet};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Labels that somebody reads of each of these metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consumer {
    pub consumer: String,
    pub metrics: Vec<&'static str>,
    pub labels: BTreeSet<String>,
}

/// Kiali, then the dashboards.
#[must_use]
pub fn all() -> Vec<Consumer> {
    let graphs = queries(Traffic::Total, "shop", 60).into_iter().flat_map(|(_, queries)| queries);
    let graphs = graphs.flat_map(|query| {
        let security = query.replace(" by (", &format!(" by ({SECURITY},"));
        [query, security]
    });
    let mut found = rows("Kiali", &graphs.collect::<Vec<_>>());
    for dashboard in grafana::all() {
        found.extend(rows(&format!("dashboard {}", dashboard.title), &expressions(&dashboard)));
    }
    found
}

fn expressions(dashboard: &grafana::Dashboard) -> Vec<String> {
    let queries = dashboard.panels().flat_map(|panel| &panel.queries).map(|query| query.expression.clone());
    let variables = dashboard.variables.iter().map(|variable| match &variable.values {
        // The label stands beside the series.
        Values::Of { series, label } => format!("count by ({label}) ({series})"),
        Values::In { query, .. } => query.clone(),
    });
    queries.chain(variables).collect()
}

/// Metrics of which the same labels are read together.
fn rows(consumer: &str, expressions: &[String]) -> Vec<Consumer> {
    let mut labels: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for expression in expressions {
        let names = promql::names(expression);
        for family in FAMILIES.iter().filter(|family| family.set != SeriesSet::Envoy) {
            let suffixes: &[&str] =
                if matches!(family.kind, Kind::Histogram(_)) { &["_bucket", "_sum", "_count"] } else { &[""] };
            if suffixes.iter().any(|suffix| names.series.contains(&format!("{}{suffix}", family.name))) {
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

/// As the file has it: a row a line.
#[must_use]
pub fn text() -> String {
    let rows: Vec<String> = all().iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
    format!("[\n  {}\n]\n", rows.join(",\n  "))
}
