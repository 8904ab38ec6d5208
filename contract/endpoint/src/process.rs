//! Metrics of this process from the `prometheus` crate.

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;

/// It is 0 in a process that has just started.
const MAY_BE_ZERO: &str = "process_cpu_seconds_total";
/// It is 0 if the system sets no limit.
const MAY_BE_MISSING: &str = "process_max_fds";
const FAMILIES: usize = 7;

/// Families `process_*`, by name, and whether /proc could be read. Values that could not be read are left out, because
/// the collector has them as 0.
#[must_use]
pub fn families() -> (Vec<MetricFamily>, bool) {
    known(ProcessCollector::for_self().collect())
}

fn known(mut families: Vec<MetricFamily>) -> (Vec<MetricFamily>, bool) {
    let is_zero =
        |family: &MetricFamily| family.get_metric().iter().all(|metric| metric.get_gauge().get_value() == 0.0);
    families.retain(|family| family.name() == MAY_BE_ZERO || !is_zero(family));
    families.sort_by(|one, other| one.name().cmp(other.name()));
    let has_limit = families.iter().any(|family| family.name() == MAY_BE_MISSING);
    let is_whole = families.len() + usize::from(!has_limit) == FAMILIES;
    (families, is_whole)
}

#[cfg(test)]
mod tests;
