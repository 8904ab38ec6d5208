//! Parts of an accepted object that have no effect, or that break a consumer of series. The object is used nevertheless.

use super::targets::PolicyTargets;
use crate::policy::consumers;
use crate::source::object::policy::{
    KnownExporters, MetricMatch, OverridePlace, Policy, Selector, StatsMatcher, TelemetryPolicy,
};
use longwire_model::series::{Metric, Metrics, SeriesSet, SeriesSets};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::Duration;

/// Of one object.
const MAX: usize = 6;
/// Of each, in bytes: labels and patterns are quoted.
const MAX_WARNING_BYTES: usize = 400;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyWarning {
    pub(crate) cause: Cause,
    /// Where it is in the object.
    pub(crate) field: String,
    /// For the object's status: begins with a field, perhaps of several that are wrong in the same way.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    UnknownField,
    /// Of an object in the root namespace.
    SelectsNoPod,
    /// By one of the consumers of series.
    LabelIsRead,
    RemovesNothing,
    LogIntervalTooShort,
    SetIsOff,
    OfRequests,
    MatchesNoStatistic,
}

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

impl PolicyWarning {
    fn new(cause: Cause, field: impl Into<String>, text: String) -> Self {
        Self { cause, field: field.into(), text }
    }

    /// Whose text is its field and what is wrong there.
    fn at(cause: Cause, field: String, problem: impl Display) -> Self {
        let text = format!("{field}: {problem}");
        Self { cause, field, text }
    }
}

pub(super) fn of_telemetry(policy: &TelemetryPolicy, around: Surroundings<'_>) -> Vec<PolicyWarning> {
    let Ok(spec) = policy.accepted_beside(around.root, around.exporters) else { return Vec::new() };
    let mut warnings: Vec<PolicyWarning> = unknown(policy).collect();
    warnings.extend(selects_no_pod(policy, spec.selector.as_ref(), around));
    let mut readers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut changed: BTreeMap<&str, OverridePlace> = BTreeMap::new();
    for (name, overrides) in &spec.tags {
        for (matched, change) in overrides.iter() {
            let name = name.as_str();
            let is_there = matched.metrics().iter().any(|metric| metric.family().labels().contains(&name));
            if is_there {
                let first = changed.entry(name).or_insert(change.at);
                *first = change.at.min(*first);
                for reader in consumers::of(matched, name) {
                    readers.entry(reader).or_default().insert(name);
                }
            } else if change.value.is_none() && !around.added.contains(name) {
                warnings.push(PolicyWarning::at(
                    Cause::RemovesNothing,
                    tag_field(change.at, name),
                    "REMOVE has no effect, because no metric that the override matches has this label and no object adds it",
                ));
            }
        }
    }
    warnings.extend(by_labels(readers, &changed));
    warnings.extend(of_requests(&spec.of_requests));
    warnings.extend(of_interval(spec.access_logs.interval, around));
    let on = around.targets.filter(|targets| targets.workloads() > 0).map(PolicyTargets::sets).or(spec.series_sets);
    if let Some(on) = on {
        let (disabled, tags) = (spec.disabled.iter().map(|(matched, (at, _))| (matched, *at)), spec.tags.values());
        let matched = disabled.chain(tags.flat_map(|tag| tag.iter().map(|(matched, change)| (matched, change.at))));
        warnings.extend(of_sets_that_are_off(matched, on));
        if spec.threshold.is_some() && !on.contains(SeriesSet::KmeshConnection) {
            let field = "spec.longConnections.threshold".to_owned();
            warnings.push(PolicyWarning::at(Cause::SetIsOff, field, is_off(SeriesSet::KmeshConnection)));
        }
    }
    warnings
}

pub(super) fn of_stats(policy: &StatsMatcher, around: Surroundings<'_>) -> Vec<PolicyWarning> {
    let Ok(spec) = &policy.spec else { return Vec::new() };
    let mut warnings: Vec<PolicyWarning> = unknown(policy).collect();
    warnings.extend(selects_no_pod(policy, spec.selector.as_ref(), around));
    warnings.extend(spec.idle.iter().map(|pattern| {
        let field = pattern.split_once(": ").map_or("spec", |(field, _)| field);
        let text = format!(
            "{pattern} matches no statistic: they are named as cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total"
        );
        PolicyWarning::new(Cause::MatchesNoStatistic, field, text)
    }));
    warnings
}

/// Of ExtraStatTags, which have none of their own.
pub(super) fn of_tags<S>(
    policy: &Policy<S>,
    selector: Option<&Selector>,
    around: Surroundings<'_>,
) -> Vec<PolicyWarning> {
    unknown(policy).chain(selects_no_pod(policy, selector, around)).collect()
}

fn unknown<S>(policy: &Policy<S>) -> impl Iterator<Item = PolicyWarning> {
    policy.unknown.iter().map(|text| PolicyWarning::new(Cause::UnknownField, "spec", text.clone()))
}

fn tag_field(at: OverridePlace, name: &str) -> String {
    format!("{at}.tagOverrides.{name}")
}

/// In other namespaces pods may still come; here the author mostly meant the whole cluster.
fn selects_no_pod<S>(
    policy: &Policy<S>,
    selector: Option<&Selector>,
    around: Surroundings<'_>,
) -> Option<PolicyWarning> {
    let Surroundings { root, targets, .. } = around;
    let is_idle = targets.is_none_or(|targets| targets.workloads() == 0);
    (selector.is_some() && policy.key.name.namespace == root && is_idle).then(|| {
        let problem = format!(
            "selects no pod: in namespace {root} a selector selects pods of this namespace alone; leave it out to mean the whole \
             cluster, or write the object into the pods' own namespace"
        );
        PolicyWarning::at(Cause::SelectsNoPod, "spec.selector".to_owned(), problem)
    })
}

/// Shorter than what another object sets for the whole cluster.
fn of_interval(interval: Option<Duration>, around: Surroundings<'_>) -> Option<PolicyWarning> {
    let (interval, reporting) = (interval?, around.reporting_interval?);
    (interval < reporting).then(|| {
        let problem = format!(
            "{interval:?} is less than the cluster's reportingInterval, and a connection is read once in that time, so its \
             periodic lines are {reporting:?} apart: write at least {reporting:?}"
        );
        PolicyWarning::at(Cause::LogIntervalTooShort, "spec.accessLogs.interval".to_owned(), problem)
    })
}

/// Who reads labels that are changed; those that read the same labels together. `changed`: by which override each is first.
fn by_labels(
    readers: BTreeMap<&str, BTreeSet<&str>>,
    changed: &BTreeMap<&str, OverridePlace>,
) -> impl Iterator<Item = PolicyWarning> {
    let mut together: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (reader, labels) in readers {
        together.entry(labels.into_iter().collect()).or_default().push(reader);
    }
    let warning = |(labels, readers): (Vec<&str>, Vec<&str>)| {
        let first = labels.iter().filter_map(|label| Some((*changed.get(label)?, *label))).min();
        let list = first.map_or("spec.overrides", |(at, _)| at.list());
        let field = first.map_or_else(|| list.to_owned(), |(at, label)| tag_field(at, label));
        let (reads, labels) = (if readers.len() == 1 { "reads" } else { "read" }, labels.join(", "));
        let text = format!(
            "{list}: changes {labels}, which {} {reads}: graphs there may be doubled, wrong or empty",
            readers.join(", ")
        );
        PolicyWarning::new(Cause::LabelIsRead, field, text)
    };
    together.into_iter().map(warning).collect::<Vec<_>>().into_iter()
}

/// Overrides, by their place, of whose metrics no pod has series.
fn of_sets_that_are_off(
    overrides: impl Iterator<Item = (MetricMatch, OverridePlace)>,
    on: SeriesSets,
) -> Vec<PolicyWarning> {
    let mut metrics: BTreeMap<OverridePlace, Metrics> = BTreeMap::new();
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
            warnings.push(PolicyWarning::at(Cause::SetIsOff, at.to_string(), is_off(off)));
        }
    }
    warnings
}

/// Of all of them together: a Telemetry may have many.
fn of_requests(places: &[OverridePlace]) -> Option<PolicyWarning> {
    let first = places.first()?;
    let problem = format!(
        "has no effect{}, because its metric is one of requests, and Longwire sees connections: leave it out",
        match places.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        }
    );
    Some(PolicyWarning::at(Cause::OfRequests, first.to_string(), problem))
}

fn is_off(set: SeriesSet) -> String {
    format!("has no effect, because no selected pod has the series set {}: add it to spec.seriesSets", set.name())
}

/// Those that a status has room for.
pub(super) fn bounded(warnings: Vec<PolicyWarning>) -> Vec<String> {
    let more = warnings.len().saturating_sub(MAX);
    let mut texts: Vec<String> = warnings.into_iter().take(MAX).map(|warning| warning.text).collect();
    for text in texts.iter_mut().filter(|text| text.len() > MAX_WARNING_BYTES) {
        text.truncate(text.floor_char_boundary(MAX_WARNING_BYTES));
        text.push_str("...");
    }
    texts.extend((more > 0).then(|| format!("and {more} more")));
    texts
}
