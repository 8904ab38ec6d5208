//! Parts of an accepted object that have no effect, or that break a consumer of series. The object is used nevertheless.

use super::targets::PolicyTargets;
use crate::policy::consumers;
use crate::source::object::policy::{KnownExporters, MetricMatch, Policy, Selector, StatsMatcher, TelemetryPolicy};
use longwire_model::series::{Metric, Metrics, SeriesSet, SeriesSets};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Of one object.
const MAX: usize = 6;
/// Of each, in bytes: labels and patterns are quoted.
const MAX_WARNING_BYTES: usize = 400;

/// What warnings depend on beside the object itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) root: &'a str,
    pub(super) exporters: &'a KnownExporters,
    /// Labels that some accepted object adds to series.
    pub(super) added: &'a BTreeSet<String>,
    /// The cluster's; `None`: as on each probe's command line.
    pub(super) reporting_interval: Option<Duration>,
    pub(super) targets: Option<&'a PolicyTargets>,
}

pub(super) fn of_telemetry(policy: &TelemetryPolicy, around: Surroundings<'_>) -> Vec<String> {
    let Ok(spec) = policy.accepted_beside(around.root, around.exporters) else { return Vec::new() };
    let mut warnings: Vec<String> = policy.unknown.iter().cloned().collect();
    warnings.extend(selects_no_pod(policy, spec.selector.as_ref(), around));
    let mut readers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, overrides) in &spec.tags {
        for (matched, change) in overrides.iter() {
            let name = name.as_str();
            let is_there = matched.metrics().iter().any(|metric| metric.family().labels().contains(&name));
            if is_there {
                for reader in consumers::of(matched, name) {
                    readers.entry(reader).or_default().insert(name);
                }
            } else if change.value.is_none() && !around.added.contains(name) {
                warnings.push(format!(
                    "spec.overrides[{}].tagOverrides.{name}: REMOVE has no effect, because no metric that the override matches \
                     has this label and no object adds it",
                    change.at
                ));
            }
        }
    }
    warnings.extend(by_labels(readers));
    warnings.extend(of_interval(spec.access_logs.interval, around));
    let on = around.targets.filter(|targets| targets.workloads() > 0).map(PolicyTargets::sets).or(spec.series_sets);
    if let Some(on) = on {
        let (disabled, tags) = (spec.disabled.iter().map(|(matched, (at, _))| (matched, *at)), spec.tags.values());
        let matched = disabled.chain(tags.flat_map(|tag| tag.iter().map(|(matched, change)| (matched, change.at))));
        warnings.extend(of_sets_that_are_off(matched, on));
        if spec.threshold.is_some() && !on.contains(SeriesSet::KmeshConnection) {
            warnings.push(format!("spec.longConnections.threshold: {}", is_off(SeriesSet::KmeshConnection)));
        }
    }
    bounded(warnings)
}

pub(super) fn of_stats(policy: &StatsMatcher, around: Surroundings<'_>) -> Vec<String> {
    let Ok(spec) = &policy.spec else { return Vec::new() };
    let mut warnings: Vec<String> = policy.unknown.iter().cloned().collect();
    warnings.extend(selects_no_pod(policy, spec.selector.as_ref(), around));
    warnings.extend(spec.idle.iter().map(|pattern| {
        format!("{pattern} matches no statistic: they are named as cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total")
    }));
    bounded(warnings)
}

/// Of ExtraStatTags, which have none of their own.
pub(super) fn of_tags<S>(policy: &Policy<S>, selector: Option<&Selector>, around: Surroundings<'_>) -> Vec<String> {
    let unknown = policy.unknown.iter().cloned();
    bounded(unknown.chain(selects_no_pod(policy, selector, around)).collect())
}

/// In other namespaces pods may still come; here the author mostly meant the whole cluster.
fn selects_no_pod<S>(policy: &Policy<S>, selector: Option<&Selector>, around: Surroundings<'_>) -> Option<String> {
    let Surroundings { root, targets, .. } = around;
    let is_idle = targets.is_none_or(|targets| targets.workloads() == 0);
    (selector.is_some() && policy.key.name.namespace == root && is_idle).then(|| {
        format!(
            "spec.selector: selects no pod: in namespace {root} a selector selects pods of this namespace alone; leave it out to \
             mean the whole cluster, or write the object into the pods' own namespace"
        )
    })
}

/// Shorter than what another object sets for the whole cluster.
fn of_interval(interval: Option<Duration>, around: Surroundings<'_>) -> Option<String> {
    let (interval, reporting) = (interval?, around.reporting_interval?);
    (interval < reporting).then(|| {
        format!(
            "spec.accessLogs.interval: {interval:?} is less than the cluster's reportingInterval, and a connection is read once \
             in that time, so its periodic lines are {reporting:?} apart: write at least {reporting:?}"
        )
    })
}

/// Who reads labels that are changed; those that read the same labels together.
fn by_labels(readers: BTreeMap<&str, BTreeSet<&str>>) -> impl Iterator<Item = String> {
    let mut together: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (reader, labels) in readers {
        together.entry(labels.into_iter().collect()).or_default().push(reader);
    }
    let texts: Vec<String> = together
        .into_iter()
        .map(|(labels, readers)| {
            let (reads, labels) = (if readers.len() == 1 { "reads" } else { "read" }, labels.join(", "));
            format!(
                "spec.overrides: changes {labels}, which {} {reads}: graphs there may be doubled, wrong or empty",
                readers.join(", ")
            )
        })
        .collect();
    texts.into_iter()
}

/// Overrides, by their place in the list, of whose metrics no pod has series.
fn of_sets_that_are_off(overrides: impl Iterator<Item = (MetricMatch, usize)>, on: SeriesSets) -> Vec<String> {
    let mut metrics: BTreeMap<usize, Metrics> = BTreeMap::new();
    for (matched, at) in overrides {
        let known = metrics.entry(at).or_default();
        *known = known.union(matched.metrics());
    }
    let sets = |metrics: Metrics| -> SeriesSets { metrics.iter().map(|metric: Metric| metric.family().set).collect() };
    let mut warnings = Vec::new();
    for (at, metrics) in metrics {
        let named = sets(metrics);
        if let (Some(off), false) = (named.iter().next(), named.iter().any(|set| on.contains(set)))
            && named.iter().count() == 1
        {
            warnings.push(format!("spec.overrides[{at}]: {}", is_off(off)));
        }
    }
    warnings
}

fn is_off(set: SeriesSet) -> String {
    format!("has no effect, because no selected pod has the series set {}: add it to spec.seriesSets", set.name())
}

fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    let more = warnings.len().saturating_sub(MAX);
    warnings.truncate(MAX);
    for warning in warnings.iter_mut().filter(|warning| warning.len() > MAX_WARNING_BYTES) {
        warning.truncate(warning.floor_char_boundary(MAX_WARNING_BYTES));
        warning.push_str("...");
    }
    warnings.extend((more > 0).then(|| format!("and {more} more")));
    warnings
}
