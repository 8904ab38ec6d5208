//! Overrides per metric and reporter.

use longwire_model::series::{Metric, Metrics, SeriesSet, SeriesSets};

/// The end that reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reporter {
    Source,
    Destination,
}

/// The `match` of an override: a set of metrics for each reporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetricMatch {
    source: Metrics,
    destination: Metrics,
}

/// At most one value for each metric and reporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overrides<T>(Vec<(MetricMatch, T)>);

impl MetricMatch {
    /// `None`: every metric that an override may name, or both reporters.
    #[must_use]
    pub(crate) fn of(metric: Option<Metric>, reporter: Option<Reporter>) -> Self {
        let all = || Metrics::from(SeriesSet::NAMED.into_iter().collect::<SeriesSets>());
        let metrics = metric.map_or_else(all, |metric| Metrics::NONE.with(metric));
        let of = |end| if reporter.is_none_or(|reporter| reporter == end) { metrics } else { Metrics::NONE };
        Self { source: of(Reporter::Source), destination: of(Reporter::Destination) }
    }

    #[must_use]
    pub(crate) fn contains(self, metric: Metric, reporter: Reporter) -> bool {
        match reporter {
            Reporter::Source => self.source.contains(metric),
            Reporter::Destination => self.destination.contains(metric),
        }
    }

    /// At either end.
    #[must_use]
    pub(crate) fn metrics(self) -> Metrics {
        self.source.union(self.destination)
    }

    #[must_use]
    pub(crate) fn is_empty(self) -> bool {
        self.source.is_empty() && self.destination.is_empty()
    }

    #[must_use]
    pub(crate) fn intersection(self, other: Self) -> Self {
        let Self { source, destination } = other;
        Self { source: self.source.intersection(source), destination: self.destination.intersection(destination) }
    }

    #[must_use]
    pub(crate) fn difference(self, other: Self) -> Self {
        let Self { source, destination } = other;
        Self { source: self.source.difference(source), destination: self.destination.difference(destination) }
    }
}

impl<T> Overrides<T> {
    /// Sets the value where it matches, over former ones.
    pub(crate) fn over(&mut self, matched: MetricMatch, value: T) {
        for (covered, _) in &mut self.0 {
            *covered = covered.difference(matched);
        }
        self.0.retain(|(covered, _)| !covered.is_empty());
        self.0.push((matched, value));
    }

    /// Sets the value where it matches and there is none yet.
    pub(crate) fn under(&mut self, matched: MetricMatch, value: T) {
        let free = self.0.iter().fold(matched, |free, (covered, _)| free.difference(*covered));
        if !free.is_empty() {
            self.0.push((free, value));
        }
    }

    #[must_use]
    pub(crate) fn at(&self, metric: Metric, reporter: Reporter) -> Option<&T> {
        self.0.iter().find(|(matched, _)| matched.contains(metric, reporter)).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (MetricMatch, &T)> {
        self.0.iter().map(|(matched, value)| (*matched, value))
    }

    /// Values that it has room for.
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<T> Default for Overrides<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
