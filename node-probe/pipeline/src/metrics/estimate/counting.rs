//! Lines of a scrape, by metric and by namespace.

use crate::metrics::budget::lines_of;
use hashbrown::HashMap;
use longwire_model::estimate::{MAX_NAMESPACES, MetricEstimate, NamespaceEstimate};
use longwire_model::series::{FAMILIES, Kind, Metric, Metrics};
use std::cmp::Reverse;

#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    today: u64,
    new: u64,
    stopped: u64,
    later: u64,
}

#[derive(Debug)]
pub(super) struct Counting {
    /// Others are not counted.
    only: Option<Box<str>>,
    metrics: [Lines; FAMILIES.len()],
    namespaces: HashMap<Box<str>, Lines>,
}

impl Counting {
    pub(super) fn new(only: Option<&str>) -> Self {
        let metrics = [Lines::default(); FAMILIES.len()];
        Self { only: only.map(Into::into), metrics, namespaces: HashMap::new() }
    }

    /// Series that would begin. Counters do at once, histograms when there is something to observe, and failures when one fails.
    /// `namespace`: of the pods; `None`: of several.
    pub(super) fn begin(&mut self, metrics: Metrics, namespace: Option<&str>) {
        for metric in metrics.iter() {
            let new = match metric.family().kind {
                _ if metric == Metric::LongwireFailed => continue,
                Kind::Counter | Kind::Gauge => Lines { new: 1, ..Lines::default() },
                Kind::Histogram(_) => Lines { later: lines_of(Metrics::NONE.with(metric)) as u64, ..Lines::default() },
            };
            self.add(metric, new, namespace);
        }
    }

    /// Series that there are.
    pub(super) fn there(&mut self, metric: Metric, lines: usize, stops: bool, namespace: Option<&str>) {
        if lines != 0 {
            let lines = lines as u64;
            let stopped = if stops { lines } else { 0 };
            self.add(metric, Lines { today: lines, stopped, ..Lines::default() }, namespace);
        }
    }

    fn add(&mut self, metric: Metric, lines: Lines, namespace: Option<&str>) {
        if self.only.as_deref().is_some_and(|only| namespace != Some(only)) {
            return;
        }
        self.metrics[metric as usize].add(lines);
        if let Some(namespace) = namespace {
            self.namespaces.entry_ref(namespace).or_default().add(lines);
        }
    }

    pub(super) fn found(self) -> (Vec<MetricEstimate>, Vec<NamespaceEstimate>) {
        let metrics = FAMILIES.iter().map(|family| {
            let Lines { today, new, stopped, later } = self.metrics[family.metric as usize];
            MetricEstimate { name: family.name.to_owned(), today, then: today + new, stopped, later }
        });
        let metrics = metrics.filter(|metric| metric.then + metric.later != 0).collect();
        let namespace = |(namespace, lines): (Box<str>, Lines)| NamespaceEstimate {
            namespace: namespace.into(),
            today: lines.today,
            then: lines.today + lines.new,
            stopped: lines.stopped,
        };
        let mut namespaces: Vec<_> = self.namespaces.into_iter().map(namespace).collect();
        namespaces.sort_unstable_by(|one, next| {
            let rank = |of: &NamespaceEstimate| Reverse(of.then);
            rank(one).cmp(&rank(next)).then_with(|| one.namespace.cmp(&next.namespace))
        });
        namespaces.truncate(MAX_NAMESPACES);
        (metrics, namespaces)
    }
}

impl Lines {
    fn add(&mut self, more: Self) {
        self.today += more.today;
        self.new += more.new;
        self.stopped += more.stopped;
        self.later += more.later;
    }
}
