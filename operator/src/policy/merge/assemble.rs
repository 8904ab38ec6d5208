//! From a draft to the telemetry that a probe is sent.

use super::draft::{Draft, Extra, Sourced, value};
use super::{ConflictKind, Own, limit, locality};
use crate::source::object::policy::Reporter;
use longwire_model::exporter::{Exporter, MAX_EXPORTERS};
use longwire_model::series::{Metric, Metrics, SeriesSet, SeriesSets};
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Group, NodeSettings, Tag, TagValue, Telemetry};

pub(super) fn assemble<'a>(
    draft: &mut Draft<'a>,
    mut tags: Vec<Extra<'a>>,
    sets: SeriesSets,
    own: Own<'_>,
) -> (Telemetry, NodeSettings) {
    give_way(draft, &tags);
    limit::enforce(draft, &mut tags);
    let metrics = Metrics::from(sets);
    let telemetry = Telemetry {
        long_connections: value(draft.threshold),
        source: groups(draft, &tags, metrics, Reporter::Source),
        destination: groups(draft, &tags, metrics, Reporter::Destination),
        stats: draft.stats.matcher(),
        access_log: draft.access_log.merged(own.access_log),
    };
    let settings = NodeSettings {
        reporting_interval: value(draft.reporting_interval),
        series: value(draft.series),
        long_connections: value(draft.long_connections_budget),
        series_per_namespace: value(draft.series_per_namespace),
        access_log_rate: draft.access_log.node_rate(),
        exporters: exporters(draft),
    };
    (telemetry, settings)
}

/// By name; of too many the first ones.
fn exporters(draft: &mut Draft<'_>) -> Vec<Exporter> {
    for (name, Sourced { by, .. }) in draft.exporters.iter().skip(MAX_EXPORTERS) {
        let Some(by) = by else { continue };
        draft.conflicts.add(
            by,
            ConflictKind::OverLimit,
            format_args!("spec.exporters.{name}: left out, because a cluster has at most {MAX_EXPORTERS}: use fewer"),
        );
    }
    draft.exporters.values().take(MAX_EXPORTERS).map(|exporter| exporter.value.clone()).collect()
}

/// An override of a TelemetryPolicy goes before a tag of its name, metric by metric.
fn give_way(draft: &mut Draft<'_>, tags: &[Extra<'_>]) {
    for Extra { tag, at, by, .. } in tags {
        let overrides = draft.changes.get(&tag.name);
        let Some((_, winner)) = overrides.and_then(|overrides| overrides.iter().next()) else { continue };
        let message = format_args!("spec.tags[{at}] {}: {} overrides it and wins", tag.name, winner.by);
        draft.conflicts.add(by, ConflictKind::Overridden, message);
    }
}

/// Of the series sets: the pod's own annotation takes precedence. No second report of what another mesh reports already,
/// unless the pod itself insists.
pub(super) fn sets(draft: &Draft<'_>, own: Own<'_>) -> SeriesSets {
    let configured = value(draft.series_sets).unwrap_or_default();
    let configured = if own.meshed { configured.without(SeriesSet::Istio) } else { configured };
    let sets = own.series_sets.unwrap_or(configured);
    let with_long = draft.long_connections.as_ref().is_none_or(|setting| setting.value);
    if with_long { sets } else { sets.without(SeriesSet::KmeshConnection) }
}

/// Metrics with the same labels together, in an order of their own, so that equal outcomes are equal.
fn groups(draft: &Draft<'_>, tags: &[Extra<'_>], metrics: Metrics, reporter: Reporter) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for metric in metrics.iter() {
        if draft.disabled.at(metric, reporter).is_some_and(|disabled| disabled.disabled) {
            continue;
        }
        let labels = labels(draft, tags, metric, reporter);
        match groups.iter_mut().find(|group| group.tags == labels) {
            Some(group) => group.metrics = group.metrics.with(metric),
            None => groups.push(Group { metrics: Metrics::NONE.with(metric), tags: labels }),
        }
    }
    groups.sort_unstable_by_key(|group| group.metrics);
    groups
}

/// What is different from the table, sorted by name.
fn labels(draft: &Draft<'_>, tags: &[Extra<'_>], metric: Metric, reporter: Reporter) -> Vec<Tag> {
    let mut labels = Vec::new();
    for (name, overrides) in &draft.changes {
        let Some(change) = overrides.at(metric, reporter) else { continue };
        let value = change.change.value.clone().map(|expression| TagValue { expression, max_values: None });
        // A label that the metric does not have cannot be removed.
        if value.is_some() || metric.family().labels().contains(&name.as_str()) {
            labels.push(Tag { name: (*name).clone(), value });
        }
    }
    let overridden = |extra: &Extra<'_>| {
        draft.changes.get(&extra.tag.name).is_some_and(|overrides| overrides.at(metric, reporter).is_some())
    };
    for Extra { tag, .. } in tags.iter().filter(|extra| !overridden(extra)) {
        let value = TagValue { expression: tag.value.clone(), max_values: Some(tag.max_values) };
        labels.push(Tag { name: tag.name.clone(), value: Some(value) });
    }
    if value(draft.locality) == Some(true) && metric.family().set != SeriesSet::Locality {
        let is_free = |name: &TagName| {
            draft.changes.get(name).is_none_or(|overrides| overrides.at(metric, reporter).is_none())
                && !tags.iter().any(|extra| extra.tag.name == *name)
        };
        labels.extend(locality::tags().iter().filter(|tag| is_free(&tag.name)).cloned());
    }
    labels.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    labels
}
