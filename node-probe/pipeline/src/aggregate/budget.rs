//! Lines that label sets may come to. A label set is charged for all it can grow to, every reason and every histogram of
//! the series sets that are on for it: it is never refused a line later, and the budget is never exceeded.

use crate::record::FailReason;
use longwire_model::series::{FAMILIES, Kind, Metric, SeriesSet, SeriesSets};

#[derive(Debug)]
pub(super) struct Lines {
    limit: usize,
    pub(super) charged: usize,
    /// Until it is known which series sets are on.
    pub(super) most_of_service: usize,
    istio: usize,
    longwire: usize,
    pub(super) of_workload: usize,
}

impl Lines {
    /// Both overflow sets of both kinds are charged at once, so that they always fit.
    pub(super) fn new(limit: usize) -> Self {
        let (istio, longwire) = (lines_of(SeriesSet::Istio), lines_of(SeriesSet::Longwire));
        let of_workload = lines_of(SeriesSet::KmeshWorkload);
        let most_of_service = istio + longwire;
        let charged = 2 * (most_of_service + of_workload);
        Self { limit, charged, most_of_service, istio, longwire, of_workload }
    }

    /// What an edge's label set is charged for.
    pub(super) fn of_service(&self, sets: SeriesSets) -> usize {
        let istio = if sets.contains(SeriesSet::Istio) { self.istio } else { 0 };
        istio + if sets.contains(SeriesSet::Longwire) { self.longwire } else { 0 }
    }

    pub(super) fn has_room(&self, lines: usize) -> bool {
        self.charged + lines <= self.limit
    }

    pub(super) fn charge(&mut self, lines: usize) {
        self.charged += lines;
    }

    pub(super) fn release(&mut self, lines: usize) {
        self.charged -= lines;
    }
}

/// The most lines of one label set.
fn lines_of(set: SeriesSet) -> usize {
    let lines = |kind, metric| match (kind, metric) {
        (_, Metric::LongwireFailed) => FailReason::ALL.len(),
        (Kind::Counter | Kind::Gauge, _) => 1,
        // The buckets, that of +Inf, sum and count.
        (Kind::Histogram(bounds), _) => bounds.len() + 3,
    };
    FAMILIES.iter().filter(|family| family.set == set).map(|family| lines(family.kind, family.metric)).sum()
}
