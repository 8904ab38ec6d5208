//! Which dashboards read which labels of which metrics: a policy that changes one of them gets a warning that names them.
//!
//! The table is made from the queries of the shipped dashboards and of Kiali's graph, and a test keeps it so.

use crate::source::object::policy::MetricMatch;
use longwire_model::series::{Metric, Metrics};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// In the chart, because its admission policies read it too.
const TABLE: &str = include_str!("../../../charts/longwire/consumers.json");

static CONSUMERS: LazyLock<Vec<Consumer>> =
    LazyLock::new(|| serde_json::from_str(TABLE).expect("a test reads the table"));

/// Labels of metrics that one consumer reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consumer {
    consumer: String,
    metrics: Vec<String>,
    labels: BTreeSet<String>,
}

impl Consumer {
    fn metrics(&self) -> Metrics {
        let metrics = self.metrics.iter().filter_map(|name| name.parse::<Metric>().ok());
        metrics.fold(Metrics::NONE, Metrics::with)
    }
}

/// Those that read the label of some of these metrics, each once.
pub(crate) fn of(matched: MetricMatch, label: &str) -> impl Iterator<Item = &'static str> {
    let reads = move |consumer: &&Consumer| !consumer.metrics().intersection(matched.metrics()).is_empty();
    let readers = CONSUMERS.iter().filter(move |consumer| consumer.labels.contains(label)).filter(reads);
    readers.map(|consumer| consumer.consumer.as_str()).collect::<BTreeSet<_>>().into_iter()
}

#[cfg(test)]
mod tests;
