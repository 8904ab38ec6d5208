//! What the probes answer, added up. Pure.

use longwire_live::series_estimate::{Label, LabelValue, NamedCounts, Overflow, SeriesCounts, SeriesEstimateStatus};
use longwire_model::estimate::{
    BudgetEstimate, LabelEstimate, MAX_NAMESPACES, MAX_VALUES, MetricEstimate, NamespaceEstimate, NodeEstimate,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most labels, and most budgets, that are named.
const MAX_LABELS: usize = 64;
const MAX_OVERFLOWS: usize = 256;

#[derive(Default)]
struct Values {
    label: Label,
    top: BTreeMap<String, u64>,
}

pub(super) fn sum(answers: &BTreeMap<Arc<str>, NodeEstimate>) -> SeriesEstimateStatus {
    let mut status = SeriesEstimateStatus { complete: true, ..SeriesEstimateStatus::default() };
    let mut metrics = BTreeMap::<String, SeriesCounts>::new();
    let mut namespaces = BTreeMap::<String, SeriesCounts>::new();
    let mut labels = BTreeMap::<String, Values>::new();
    for (node, estimate) in answers {
        let NodeEstimate {
            complete,
            connections,
            relabelled,
            metrics: of_metrics,
            namespaces: of_namespaces,
            budgets,
            labels: of_labels,
        } = estimate;
        status.complete &= complete;
        add(&mut status.connections, *connections);
        add(&mut status.relabelled, *relabelled);
        for MetricEstimate { name, today, then, stopped, later } in of_metrics {
            let counts = SeriesCounts { before: *today, after: *then, stopped: *stopped, later: *later };
            add_counts(&mut status.series, counts);
            add_counts(metrics.entry(name.clone()).or_default(), counts);
        }
        for NamespaceEstimate { namespace, today, then, stopped } in of_namespaces {
            let counts = SeriesCounts { before: *today, after: *then, stopped: *stopped, later: 0 };
            add_counts(namespaces.entry(namespace.clone()).or_default(), counts);
        }
        let room = MAX_OVERFLOWS.saturating_sub(status.overflows.len());
        status.overflows.extend(budgets.iter().take(room).map(|budget| overflow(node, budget)));
        for label in of_labels {
            if labels.len() < MAX_LABELS || labels.contains_key(&label.name) {
                labels.entry(label.name.clone()).or_default().add(label);
            }
        }
    }
    status.metrics = named(metrics);
    status.namespaces = named(namespaces);
    status.namespaces.sort_by_key(|namespace| Reverse(namespace.series.after));
    status.namespaces.truncate(MAX_NAMESPACES);
    status.labels = labels.into_iter().map(|(name, values)| values.found(name)).collect();
    status
}

fn overflow(node: &str, budget: &BudgetEstimate) -> Overflow {
    let BudgetEstimate { namespace, peer, resource, limit, refused } = budget.clone();
    Overflow { node: node.to_owned(), namespace, peer, resource, limit, refused }
}

fn named(counts: BTreeMap<String, SeriesCounts>) -> Vec<NamedCounts> {
    counts.into_iter().map(|(name, series)| NamedCounts { name, series }).collect()
}

/// A probe may say anything.
fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

fn add_counts(sum: &mut SeriesCounts, SeriesCounts { before, after, stopped, later }: SeriesCounts) {
    add(&mut sum.before, before);
    add(&mut sum.after, after);
    add(&mut sum.stopped, stopped);
    add(&mut sum.later, later);
}

impl Values {
    fn add(&mut self, more: &LabelEstimate) {
        let LabelEstimate { name: _, connections, unknown, overflow, values, has_more: _, top } = more;
        let label = &mut self.label;
        add(&mut label.connections, *connections);
        add(&mut label.unknown, *unknown);
        add(&mut label.overflow, *overflow);
        label.values = label.values.max(*values);
        for (value, count) in top {
            add(self.top.entry(value.clone()).or_default(), *count);
        }
    }

    fn found(self, name: String) -> Label {
        let value = |(value, connections): (String, u64)| LabelValue { value, connections };
        let mut top: Vec<_> = self.top.into_iter().map(value).collect();
        top.sort_by_key(|value| Reverse(value.connections));
        top.truncate(MAX_VALUES);
        Label { name, top, ..self.label }
    }
}
