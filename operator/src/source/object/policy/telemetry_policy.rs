//! TelemetryPolicy, checked.

use super::access_logs::{self, AccessLogs};
use super::exporters;
use super::overrides::{MetricMatch, Overrides, Reporter};
use super::refusal::{Reason, Refusal, at_most, within};
use super::selector::Selector;
use super::{Metadata, Policy, policy};
use crate::source::object::{InvalidObject, Kind};
use longwire_crds::limits::{
    MAX_INTERVAL, MAX_LONG_CONNECTIONS, MAX_OVERRIDES, MAX_SERIES, MAX_TAGS, MAX_THRESHOLD, MIN_DURATION,
};
use longwire_crds::telemetry_policy::{self as crd, Match, Operation, Override, TagOverride};
use longwire_model::access_log::{LogFormat, LogOutputs};
use longwire_model::exporter::{Exporter, ExporterName};
use longwire_model::expression::Expression;
use longwire_model::series::{InvalidMetric, Metric, SeriesSet, SeriesSets};
use longwire_model::tag::TagName;
use std::collections::BTreeMap;
use std::time::Duration;

pub type TelemetryPolicy = Policy<TelemetrySpec>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelemetrySpec {
    pub(crate) selector: Option<Selector>,
    pub(crate) series_sets: Option<SeriesSets>,
    pub long_connections: Option<bool>,
    pub threshold: Option<Duration>,
    pub(crate) cluster: ClusterWide,
    /// Whether metrics are disabled, with the override's place in the list.
    pub(crate) disabled: Overrides<(usize, bool)>,
    pub(crate) tags: BTreeMap<TagName, Overrides<TagChange>>,
    pub(crate) access_logs: AccessLogs,
    /// For the whole cluster, sorted by name.
    pub(crate) exporters: Vec<Exporter>,
}

/// Settings that apply to every node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClusterWide {
    pub reporting_interval: Option<Duration>,
    pub series: Option<u32>,
    pub long_connections: Option<u32>,
    pub(crate) extra_tags: Option<u32>,
    pub series_per_namespace: Option<u32>,
    /// The first of its fields that is set.
    field: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagChange {
    /// The override's place in the list.
    pub at: usize,
    /// `None`: the label is removed.
    pub value: Option<Expression>,
}

impl TelemetrySpec {
    /// Whether nothing is set but the pods for which that would be.
    pub(crate) fn says_nothing(&self) -> bool {
        *self == Self { selector: self.selector.clone(), ..Self::default() }
    }
}

impl TelemetryPolicy {
    /// The spec, if the object may set all of it in its namespace. `root_namespace` is the operator's own.
    pub fn accepted(&self, root_namespace: &str) -> Result<&TelemetrySpec, Refusal> {
        let spec = self.spec.as_ref().map_err(Refusal::clone)?;
        if self.key.name.namespace == root_namespace {
            return Ok(spec);
        }
        let refusal = |message| Err(Refusal::new(Reason::NotRootNamespace, message));
        // It could write lines that look like those of other pods, which are in the same log.
        if let Some(LogFormat::Text(_)) = spec.access_logs.format {
            return refusal(format!(
                "spec.accessLogs.format: a format string is only allowed in namespace {root_namespace}, because lines of all \
                 namespaces are in one log: write one of {} here",
                LogFormat::PRESETS.join(", ")
            ));
        }
        match spec.cluster.field {
            Some(field) => refusal(format!(
                "{field}: is for the whole cluster, and only allowed in namespace {root_namespace}: leave it out here"
            )),
            None => Ok(spec),
        }
    }
}

/// Exporters of the cluster, and whether they take access logs.
pub(crate) type KnownExporters = BTreeMap<ExporterName, bool>;

impl TelemetryPolicy {
    /// The same beside the exporters of all objects: it must not name others.
    pub(crate) fn accepted_beside(
        &self,
        root_namespace: &str,
        exporters: &KnownExporters,
    ) -> Result<&TelemetrySpec, Refusal> {
        const FIELD: &str = "spec.accessLogs.exporters";
        let spec = self.accepted(root_namespace)?;
        let named = spec.access_logs.outputs.iter().flat_map(LogOutputs::exporters);
        for name in named {
            match exporters.get(name) {
                Some(true) => {}
                Some(false) => {
                    return Err(Refusal::invalid(format!(
                        "{FIELD}: {name} takes no access logs: name one of otlp or file"
                    )));
                }
                None => {
                    let known = exporters.iter().filter(|(_, has_logs)| **has_logs).map(|(name, _)| name.as_str());
                    let known: Vec<&str> = known.chain([ExporterName::STDOUT]).collect();
                    return Err(Refusal::invalid(format!(
                        "{FIELD}: {name} is no exporter: known are {}; a TelemetryPolicy in namespace {root_namespace} defines \
                         more in spec.exporters",
                        known.join(", ")
                    )));
                }
            }
        }
        Ok(spec)
    }
}

impl TryFrom<longwire_crds::TelemetryPolicy> for TelemetryPolicy {
    type Error = InvalidObject;

    fn try_from(object: longwire_crds::TelemetryPolicy) -> Result<Self, InvalidObject> {
        let longwire_crds::TelemetryPolicy { metadata, spec, .. } = object;
        read(metadata, spec)
    }
}

fn read(metadata: Metadata, spec: crd::TelemetryPolicySpec) -> Result<TelemetryPolicy, InvalidObject> {
    policy(Kind::TelemetryPolicy, metadata, read_spec(spec))
}

fn read_spec(spec: crd::TelemetryPolicySpec) -> Result<TelemetrySpec, Refusal> {
    let crd::TelemetryPolicySpec {
        selector,
        reporting_interval,
        budgets,
        limits,
        long_connections,
        series_sets,
        overrides,
        access_logs,
        exporters,
    } = spec;
    let selector = Selector::read(selector)?;
    let cluster = cluster_wide(reporting_interval, budgets, limits, exporters.is_some())?;
    if let (Some(field), Some(_)) = (cluster.field, &selector) {
        return Err(Refusal::invalid(format!("{field}: is for the whole cluster: leave spec.selector out")));
    }
    let long = long_connections.unwrap_or_default();
    let threshold = |threshold| duration("spec.longConnections.threshold", threshold, MAX_THRESHOLD);
    let mut checked = TelemetrySpec {
        selector,
        series_sets: series_sets.map(|names| read_sets(&names)).transpose()?,
        long_connections: long.enabled,
        threshold: long.threshold.map(threshold).transpose()?,
        access_logs: access_logs::read(access_logs.unwrap_or_default(), cluster.reporting_interval)?,
        cluster,
        exporters: exporters::read(exporters.unwrap_or_default())?,
        ..TelemetrySpec::default()
    };
    let overrides = overrides.unwrap_or_default();
    at_most("spec.overrides", "overrides", overrides.len(), MAX_OVERRIDES)?;
    for (at, change) in overrides.into_iter().enumerate() {
        read_override(&mut checked, at, change)?;
    }
    Ok(checked)
}

fn cluster_wide(
    reporting_interval: Option<longwire_crds::Duration>,
    budgets: Option<crd::Budgets>,
    limits: Option<crd::Limits>,
    has_exporters: bool,
) -> Result<ClusterWide, Refusal> {
    let given = [
        reporting_interval.map(|_| "spec.reportingInterval"),
        budgets.map(|_| "spec.budgets"),
        limits.map(|_| "spec.limits"),
        has_exporters.then_some("spec.exporters"),
    ];
    let (budgets, limits) = (budgets.unwrap_or_default(), limits.unwrap_or_default());
    let number =
        |field: &str, value: Option<u32>, least, most| value.map(|value| within(field, value, least, most)).transpose();
    let interval = |interval| duration("spec.reportingInterval", interval, MAX_INTERVAL);
    Ok(ClusterWide {
        reporting_interval: reporting_interval.map(interval).transpose()?,
        series: number("spec.budgets.series", budgets.series, 1, MAX_SERIES)?,
        long_connections: number("spec.budgets.longConnections", budgets.long_connections, 0, MAX_LONG_CONNECTIONS)?,
        extra_tags: number("spec.limits.extraTags", limits.extra_tags, 0, MAX_TAGS)?,
        series_per_namespace: number("spec.limits.seriesPerNamespace", limits.series_per_namespace, 1, MAX_SERIES)?,
        field: given.into_iter().flatten().next(),
    })
}

/// At least a second.
pub(super) fn duration(field: &str, value: longwire_crds::Duration, most: Duration) -> Result<Duration, Refusal> {
    let plain = Duration::from(value);
    if !value.is_negative() && (MIN_DURATION..=most).contains(&plain) {
        return Ok(plain);
    }
    Err(Refusal::invalid(format!("{field}: {value} is not between {MIN_DURATION:?} and {most:?}")))
}

fn read_sets(names: &[String]) -> Result<SeriesSets, Refusal> {
    let mut sets = SeriesSets::NONE;
    for (at, name) in names.iter().enumerate() {
        let field = format!("spec.seriesSets[{at}]");
        let set: SeriesSet = name.parse().map_err(Refusal::at(&field))?;
        if sets.contains(set) {
            return Err(Refusal::invalid(format!("{field}: {name} is in the list twice")));
        }
        sets = sets.with(set);
    }
    Ok(sets)
}

fn read_override(spec: &mut TelemetrySpec, at: usize, change: Override) -> Result<(), Refusal> {
    let field = format!("spec.overrides[{at}]");
    let Override { matches, disabled, tag_overrides } = change;
    if disabled.is_none() && tag_overrides.is_none() {
        return Err(Refusal::invalid(format!("{field}: must have disabled or tagOverrides, or it changes nothing")));
    }
    let Match { metric, reporter } = matches.unwrap_or_default();
    let metric = metric.map(|name| read_metric(&format!("{field}.match.metric"), name)).transpose()?;
    let reporter = reporter.map(|reporter| match reporter {
        crd::Reporter::Source => Reporter::Source,
        crd::Reporter::Destination => Reporter::Destination,
    });
    let matched = MetricMatch::of(metric, reporter);
    if let Some(disabled) = disabled {
        spec.disabled.over(matched, (at, disabled));
    }
    let tags = tag_overrides.unwrap_or_default();
    at_most(&format!("{field}.tagOverrides"), "tags", tags.len(), MAX_TAGS as usize)?;
    for (name, change) in tags {
        let field = format!("{field}.tagOverrides.{name}");
        let name = TagName::parse(&name).map_err(Refusal::at(&field))?;
        let value = read_change(&field, change)?;
        spec.tags.entry(name).or_default().over(matched, TagChange { at, value });
    }
    Ok(())
}

/// Envoy's metrics are selected by a StatsMatcher alone.
fn read_metric(field: &str, name: String) -> Result<Metric, Refusal> {
    let known: Result<Metric, InvalidMetric> = name.parse();
    let known = known.and_then(|metric| match metric.family().set {
        SeriesSet::Envoy => Err(InvalidMetric(name)),
        _ => Ok(metric),
    });
    known.map_err(Refusal::at(field))
}

fn read_change(field: &str, change: TagOverride) -> Result<Option<Expression>, Refusal> {
    let TagOverride { operation, value } = change;
    match (operation.unwrap_or(Operation::Upsert), value.filter(|value| !value.is_empty())) {
        (Operation::Upsert, Some(value)) => {
            Expression::parse(&value).map(Some).map_err(Refusal::at(format!("{field}.value")))
        }
        (Operation::Upsert, None) => {
            Err(Refusal::invalid(format!("{field}.value: must be given when operation is UPSERT")))
        }
        (Operation::Remove, None) => Ok(None),
        (Operation::Remove, Some(_)) => {
            Err(Refusal::invalid(format!("{field}.value: must not be given when operation is REMOVE")))
        }
    }
}
