//! Lines that label sets may come to. A label set is charged for all it can grow to, every reason and every histogram of
//! the metrics that are on for it: it is never refused a line later, and the budget is never exceeded.

use super::handles::ENVOY;
use super::{Budget, SERVICE, WORKLOAD};
use crate::record::FailReason;
use hashbrown::HashMap;
use longwire_model::series::{Kind, Metric, Metrics};
use longwire_model::telemetry::NodeSettings;

/// What a budget counts of a kind of label sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Lines,
    /// Label sets: those of long connections have a budget of their own.
    Sets,
}

/// What somebody wants to be charged for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill<'a> {
    /// Of the pod that reports.
    pub(super) namespace: &'a str,
    pub(super) metrics: Metrics,
    pub(super) measure: Measure,
    /// Label sets of the kind that there are already; `None`: it is one of them that grows.
    pub(super) sets: Option<usize>,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Node,
    Namespace,
}

#[derive(Debug)]
pub(super) struct Accounts {
    /// As the probe was started, without what the operator says.
    started: Budget,
    limit: Budget,
    per_namespace: Option<usize>,
    pub(super) charged: usize,
    /// Lines by namespace, those of long connections among them; where there are none, the namespace is not there.
    namespaces: HashMap<Box<str>, usize>,
    /// Connections so far that fed an overflow set because their namespace had no room.
    pub(super) folded_by_namespace: u64,
}

impl Accounts {
    /// The overflow sets are charged at once, so that they always fit.
    pub(super) fn new(started: Budget) -> Self {
        let charged = 2 * (lines_of(SERVICE) + lines_of(WORKLOAD)) + lines_of(ENVOY);
        let namespaces = HashMap::new();
        Self { started, limit: started, per_namespace: None, charged, namespaces, folded_by_namespace: 0 }
    }

    /// Nothing that is there goes when less is allowed; but nothing new comes.
    pub(super) fn configure(&mut self, settings: &NodeSettings) {
        let NodeSettings { reporting_interval: _, series, long_connections, series_per_namespace } = *settings;
        self.limit = Budget {
            series: series.map_or(self.started.series, |series| series as usize),
            connections: long_connections.map_or(self.started.connections, |connections| connections as usize),
        };
        self.per_namespace = series_per_namespace.map(|series| series as usize);
    }

    pub(super) fn charge(&mut self, bill: Bill<'_>) -> Result<(), Full> {
        let lines = lines_of(bill.metrics);
        let fits = match bill.measure {
            Measure::Lines => self.charged + lines <= self.limit.series,
            Measure::Sets => bill.sets.is_none_or(|sets| sets < self.limit.connections),
        };
        if !fits {
            return Err(Full::Node);
        }
        let of_namespace = self.namespaces.get(bill.namespace).copied().unwrap_or_default();
        if self.per_namespace.is_some_and(|most| of_namespace + lines > most) {
            return Err(Full::Namespace);
        }
        self.book(bill);
        Ok(())
    }

    /// Whether there is room or not: it is there already.
    pub(super) fn book(&mut self, bill: Bill<'_>) {
        let lines = lines_of(bill.metrics);
        if bill.measure == Measure::Lines {
            self.charged += lines;
        }
        *self.namespaces.entry_ref(bill.namespace).or_default() += lines;
    }

    pub(super) fn release(&mut self, namespace: &str, metrics: Metrics, measure: Measure) {
        let lines = lines_of(metrics);
        if measure == Measure::Lines {
            self.charged -= lines;
        }
        if let Some(charged) = self.namespaces.get_mut(namespace) {
            *charged -= lines;
            if *charged == 0 {
                self.namespaces.remove(namespace);
            }
        }
    }
}

/// The most lines that these can come to in one label set.
fn lines_of(metrics: Metrics) -> usize {
    let lines = |metric: Metric| match (metric, metric.family().kind) {
        (Metric::LongwireFailed, _) => FailReason::ALL.len(),
        (_, Kind::Counter | Kind::Gauge) => 1,
        // The buckets, that of +Inf, sum and count.
        (_, Kind::Histogram(bounds)) => bounds.len() + 3,
    };
    metrics.iter().map(lines).sum()
}
