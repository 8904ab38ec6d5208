//! All settings for a pod, part by part, each with the object that it comes from.

use super::Level;
use super::access_log::LogDraft;
use super::conflicts::Conflicts;
use super::stats::StatsDraft;
use crate::source::object::Key;
use crate::source::object::policy::{ExtraTag, Overrides, TagChange, TelemetryPolicy};
use longwire_model::exporter::{Exporter, ExporterName};
use longwire_model::series::SeriesSets;
use longwire_model::tag::TagName;
use std::collections::BTreeMap;
use std::time::Duration;

/// A value and the object that it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sourced<'a, T> {
    pub(super) value: T,
    /// `None`: a Namespace's annotation.
    pub(super) by: Option<&'a Key>,
}

/// An extra tag, where it stands, and from which level on there has been one of its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra<'a> {
    pub(super) tag: &'a ExtraTag,
    pub(super) at: usize,
    pub(super) by: &'a Key,
    pub(super) depth: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub(super) change: &'a TagChange,
    pub(super) by: &'a Key,
    pub(super) depth: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Disabled<'a> {
    pub(super) disabled: bool,
    by: &'a Key,
}

#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) series_sets: Part<'a, SeriesSets>,
    pub(super) long_connections: Part<'a, bool>,
    pub(super) threshold: Part<'a, Duration>,
    pub(super) locality: Part<'a, bool>,
    pub(super) reporting_interval: Part<'a, Duration>,
    pub(super) series: Part<'a, u32>,
    pub(super) long_connections_budget: Part<'a, u32>,
    pub(super) extra_tags: Part<'a, u32>,
    pub(super) series_per_namespace: Part<'a, u32>,
    pub(super) disabled: Overrides<Disabled<'a>>,
    pub(super) changes: BTreeMap<&'a TagName, Overrides<Change<'a>>>,
    pub(super) extra: BTreeMap<&'a TagName, Extra<'a>>,
    pub(super) stats: StatsDraft<'a>,
    pub(super) access_log: LogDraft<'a>,
    /// For the whole cluster.
    pub(super) exporters: BTreeMap<&'a ExporterName, Sourced<'a, &'a Exporter>>,
    pub(super) conflicts: Conflicts,
}

/// `None`: no object sets it.
pub(super) type Part<'a, T> = Option<Sourced<'a, T>>;

impl<'a> Draft<'a> {
    /// Applies a narrower level over the levels before. Within a level the first object wins.
    pub(super) fn lay(&mut self, depth: usize, level: &Level<'a>) {
        let mut layer = Self::default();
        for policy in &level.telemetry {
            layer.add_policy(depth, policy);
            if let Ok(spec) = &policy.spec {
                layer.access_log.add(&spec.access_logs, level.is_cluster_wide, &policy.key, &mut layer.conflicts);
            }
        }
        if let (None, Some(value)) = (&layer.series_sets, level.annotated) {
            layer.series_sets = Some(Sourced { value, by: None });
        }
        for tags in &level.tags {
            let Ok(spec) = &tags.spec else { continue };
            for (at, tag) in spec.tags.iter().enumerate() {
                layer.add_tag(Extra { tag, at, by: &tags.key, depth });
            }
        }
        for stats in &level.stats {
            layer.stats.add(stats, &mut layer.conflicts);
        }
        self.cover(layer);
    }

    fn add_policy(&mut self, depth: usize, policy: &'a TelemetryPolicy) {
        let Ok(spec) = &policy.spec else { return };
        let (by, lost) = (&policy.key, &mut self.conflicts);
        claim(&mut self.series_sets, spec.series_sets, by, "spec.seriesSets", lost);
        claim(&mut self.long_connections, spec.long_connections, by, "spec.longConnections.enabled", lost);
        claim(&mut self.threshold, spec.threshold, by, "spec.longConnections.threshold", lost);
        claim(&mut self.locality, spec.locality, by, "spec.locality.enabled", lost);
        let cluster = spec.cluster;
        claim(&mut self.reporting_interval, cluster.reporting_interval, by, "spec.reportingInterval", lost);
        claim(&mut self.series, cluster.series, by, "spec.budgets.series", lost);
        let budget = &mut self.long_connections_budget;
        claim(budget, cluster.long_connections, by, "spec.budgets.longConnections", lost);
        claim(&mut self.extra_tags, cluster.extra_tags, by, "spec.limits.extraTags", lost);
        let limit = &mut self.series_per_namespace;
        claim(limit, cluster.series_per_namespace, by, "spec.limits.seriesPerNamespace", lost);
        for exporter in &spec.exporters {
            let mut part = self.exporters.get(&exporter.name).copied();
            claim(&mut part, Some(exporter), by, &format!("spec.exporters.{}", exporter.name), lost);
            self.exporters.extend(part.map(|part| (&exporter.name, part)));
        }
        for (matched, &(at, disabled)) in spec.disabled.iter() {
            for (held, former) in self.disabled.iter() {
                if former.disabled != disabled && !held.intersection(matched).is_empty() {
                    lost.older(by, format_args!("{at}.disabled"), former.by);
                }
            }
            self.disabled.under(matched, Disabled { disabled, by });
        }
        for (name, overrides) in &spec.tags {
            let known = self.changes.entry(name).or_default();
            for (matched, change) in overrides.iter() {
                for (held, former) in known.iter() {
                    if former.change.value != change.value && !held.intersection(matched).is_empty() {
                        let field = format_args!("{}.tagOverrides.{name}", change.at);
                        lost.older(by, field, former.by);
                    }
                }
                known.under(matched, Change { change, by, depth });
            }
        }
    }

    fn add_tag(&mut self, extra: Extra<'a>) {
        let name = &extra.tag.name;
        match self.extra.get(name) {
            None => drop(self.extra.insert(name, extra)),
            Some(former) if former.tag != extra.tag => {
                self.conflicts.older(extra.by, format_args!("spec.tags[{}] {name}", extra.at), former.by);
            }
            Some(_) => {}
        }
    }

    fn cover(&mut self, layer: Self) {
        let Self {
            series_sets,
            long_connections,
            threshold,
            locality,
            reporting_interval,
            series,
            long_connections_budget,
            extra_tags,
            series_per_namespace,
            disabled,
            changes,
            extra,
            stats,
            access_log,
            exporters,
            conflicts,
        } = layer;
        self.series_sets = series_sets.or(self.series_sets);
        self.long_connections = long_connections.or(self.long_connections);
        self.threshold = threshold.or(self.threshold);
        self.locality = locality.or(self.locality);
        self.reporting_interval = reporting_interval.or(self.reporting_interval);
        self.series = series.or(self.series);
        self.long_connections_budget = long_connections_budget.or(self.long_connections_budget);
        self.extra_tags = extra_tags.or(self.extra_tags);
        self.series_per_namespace = series_per_namespace.or(self.series_per_namespace);
        for (matched, value) in disabled.iter() {
            self.disabled.over(matched, *value);
        }
        for (name, overrides) in changes {
            let known = self.changes.entry(name).or_default();
            for (matched, change) in overrides.iter() {
                known.over(matched, *change);
            }
        }
        for (name, extra) in extra {
            let depth = self.extra.get(name).map_or(extra.depth, |known| known.depth);
            self.extra.insert(name, Extra { depth, ..extra });
        }
        self.stats.cover(stats);
        self.access_log.cover(&access_log);
        self.exporters.extend(exporters);
        self.conflicts.absorb(&conflicts);
    }
}

/// The first object wins; an object with the same value has lost nothing.
pub(super) fn claim<'a, T: PartialEq>(
    part: &mut Part<'a, T>,
    value: Option<T>,
    by: &'a Key,
    field: &str,
    lost: &mut Conflicts,
) {
    match (&part, value) {
        (_, None) => {}
        (None, Some(value)) => *part = Some(Sourced { value, by: Some(by) }),
        (Some(Sourced { value: held, by: Some(former) }), Some(value)) if *held != value => {
            lost.older(by, field, former);
        }
        (Some(_), Some(_)) => {}
    }
}

pub(super) fn value<T>(part: Part<'_, T>) -> Option<T> {
    part.map(|setting| setting.value)
}
