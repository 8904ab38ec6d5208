//! TelemetryPolicy, checked.

use super::access_logs::{self, AccessLogs};
use super::exporters;
use super::overrides::Overrides;
use super::refusal::{Reason, Refusal, within};
use super::selector::Selector;
use super::written_overrides::{self, OverridePlace};
use super::{Metadata, Policy, policy};
use crate::source::object::{InvalidObject, Kind};
use longwire_crds::limits::{MAX_INTERVAL, MAX_LONG_CONNECTIONS, MAX_SERIES, MAX_TAGS, MAX_THRESHOLD, MIN_DURATION};
use longwire_crds::telemetry_policy as crd;
use longwire_model::access_log::{LogFormat, LogOutputs};
use longwire_model::exporter::{Exporter, ExporterName};
use longwire_model::expression::Expression;
use longwire_model::series::{SeriesSet, SeriesSets};
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
    /// Whether series have labels for zones and regions.
    pub(crate) locality: Option<bool>,
    pub(crate) cluster: ClusterWide,
    /// Whether metrics are disabled, with the override's place.
    pub(crate) disabled: Overrides<(OverridePlace, bool)>,
    pub(crate) tags: BTreeMap<TagName, Overrides<TagChange>>,
    /// Overrides of metrics of requests, which change nothing.
    pub(crate) of_requests: Vec<OverridePlace>,
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
    /// The override's place.
    pub at: OverridePlace,
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
        metrics,
        locality,
        access_logs,
        exporters,
    } = spec;
    let selector = Selector::read(selector)?;
    let (written, of_metrics) = written_overrides::collect(metrics, overrides)?;
    let reporting_interval = interval(reporting_interval, of_metrics)?;
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
        locality: locality.and_then(|locality| locality.enabled),
        access_logs: access_logs::read(access_logs.unwrap_or_default(), cluster.reporting_interval)?,
        cluster,
        exporters: exporters::read(exporters.unwrap_or_default())?,
        ..TelemetrySpec::default()
    };
    for (at, change) in written {
        written_overrides::read(&mut checked, at, change)?;
    }
    Ok(checked)
}

/// With the field that has it: its own, or that of Istio's Telemetry.
type Interval = (&'static str, longwire_crds::Duration);

fn interval(
    own: Option<longwire_crds::Duration>,
    of_metrics: Option<longwire_crds::Duration>,
) -> Result<Option<Interval>, Refusal> {
    const OWN: &str = "spec.reportingInterval";
    const OF_METRICS: &str = "spec.metrics[].reportingInterval";
    match (own, of_metrics) {
        (Some(_), Some(_)) => Err(Refusal::invalid(format!("{OF_METRICS}: is given in {OWN} too: leave one out"))),
        (own, of_metrics) => Ok(own.map(|value| (OWN, value)).or(of_metrics.map(|value| (OF_METRICS, value)))),
    }
}

fn cluster_wide(
    reporting_interval: Option<Interval>,
    budgets: Option<crd::Budgets>,
    limits: Option<crd::Limits>,
    has_exporters: bool,
) -> Result<ClusterWide, Refusal> {
    let given = [
        reporting_interval.map(|(field, _)| field),
        budgets.map(|_| "spec.budgets"),
        limits.map(|_| "spec.limits"),
        has_exporters.then_some("spec.exporters"),
    ];
    let (budgets, limits) = (budgets.unwrap_or_default(), limits.unwrap_or_default());
    let number =
        |field: &str, value: Option<u32>, least, most| value.map(|value| within(field, value, least, most)).transpose();
    let interval = |(field, value)| duration(field, value, MAX_INTERVAL);
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
