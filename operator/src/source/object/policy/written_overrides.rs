//! Overrides as an object has them: in `spec.overrides`, or in `spec.metrics` as Istio's Telemetry.

use super::overrides::{MetricMatch, Reporter};
use super::refusal::{Refusal, at_most};
use super::telemetry_policy::{TagChange, TelemetrySpec};
use longwire_crds::Duration;
use longwire_crds::limits::{MAX_METRICS, MAX_METRICS_OVERRIDES, MAX_OVERRIDES, MAX_TAGS};
use longwire_crds::telemetry_policy::{
    self as crd, ALL_METRICS, METRIC_ALIASES, Match, Mode, Operation, Override, PROVIDER, REQUEST_METRICS, TagOverride,
    TelemetryMetrics,
};
use longwire_model::expression::Expression;
use longwire_model::series::{InvalidMetric, Metric, SeriesSet};
use longwire_model::tag::TagName;
use std::fmt;

/// Where an override is written, in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OverridePlace {
    /// Entry of `spec.metrics`, and place in its list.
    Metrics(usize, usize),
    Overrides(usize),
}

impl OverridePlace {
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Metrics(..) => "spec.metrics",
            Self::Overrides(_) => "spec.overrides",
        }
    }
}

impl fmt::Display for OverridePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metrics(part, at) => write!(f, "spec.metrics[{part}].overrides[{at}]"),
            Self::Overrides(at) => write!(f, "spec.overrides[{at}]"),
        }
    }
}

/// All of them, with their places.
pub(super) type Written = Vec<(OverridePlace, Override)>;

/// Both lists as one, and the reporting interval of `spec.metrics`, if it has one.
pub(super) fn collect(
    metrics: Option<Vec<TelemetryMetrics>>,
    overrides: Option<Vec<Override>>,
) -> Result<(Written, Option<Duration>), Refusal> {
    let (metrics, overrides) = (metrics.unwrap_or_default(), overrides.unwrap_or_default());
    at_most("spec.metrics", "entries", metrics.len(), MAX_METRICS)?;
    let (mut written, mut interval) = (Written::new(), None);
    for (part, TelemetryMetrics { providers, overrides, reporting_interval }) in metrics.into_iter().enumerate() {
        let field = format!("spec.metrics[{part}]");
        let providers = providers.unwrap_or_default();
        at_most(&format!("{field}.providers"), "providers", providers.len(), 1)?;
        if let Some(other) = providers.iter().find(|provider| provider.name != PROVIDER) {
            return Err(Refusal::invalid(format!(
                "{field}.providers[0].name: {:?} is not known: write {PROVIDER}, or leave providers out; other receivers are in \
                 spec.exporters",
                other.name
            )));
        }
        if reporting_interval.is_some() && interval.replace(reporting_interval).is_some() {
            return Err(Refusal::invalid(format!("{field}.reportingInterval: is given twice: leave one out")));
        }
        let overrides = overrides.unwrap_or_default();
        at_most(&format!("{field}.overrides"), "overrides", overrides.len(), MAX_METRICS_OVERRIDES)?;
        let placed = overrides.into_iter().enumerate();
        written.extend(placed.map(|(at, change)| (OverridePlace::Metrics(part, at), change)));
    }
    written.extend(overrides.into_iter().enumerate().map(|(at, change)| (OverridePlace::Overrides(at), change)));
    let list = written.last().map_or("spec.overrides", |(at, _)| at.list());
    at_most(list, "overrides", written.len(), MAX_OVERRIDES)?;
    Ok((written, interval.flatten()))
}

/// What `match` means: those metrics at those ends. `None`: metrics of requests, which Longwire does not have.
fn matched(field: &str, matches: Option<Match>) -> Result<Option<MetricMatch>, Refusal> {
    let Match { metric, reporter, mode } = matches.unwrap_or_default();
    if reporter.is_some() && mode.is_some() {
        return Err(Refusal::invalid(format!("{field}.match: mode is Istio's word for reporter: give one of both")));
    }
    let reporter = match (reporter, mode) {
        (Some(crd::Reporter::Source), _) | (None, Some(Mode::Client)) => Some(Reporter::Source),
        (Some(crd::Reporter::Destination), _) | (None, Some(Mode::Server)) => Some(Reporter::Destination),
        (None, None | Some(Mode::ClientAndServer)) => None,
    };
    if metric.as_deref().is_some_and(|name| REQUEST_METRICS.contains(&name)) {
        return Ok(None);
    }
    let metric = metric.filter(|name| name != ALL_METRICS);
    let metric = metric.map(|name| read_metric(&format!("{field}.match.metric"), name)).transpose()?;
    Ok(Some(MetricMatch::of(metric, reporter)))
}

pub(super) fn read(spec: &mut TelemetrySpec, at: OverridePlace, change: Override) -> Result<(), Refusal> {
    let field = at.to_string();
    let Override { matches, disabled, tag_overrides } = change;
    if disabled.is_none() && tag_overrides.is_none() {
        return Err(Refusal::invalid(format!("{field}: must have disabled or tagOverrides, or it changes nothing")));
    }
    let Some(matched) = matched(&field, matches)? else {
        // Its expressions are those of requests, so that they are not read either.
        spec.of_requests.push(at);
        return Ok(());
    };
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
    let alias = METRIC_ALIASES.iter().find(|(alias, _)| *alias == name);
    let known: Result<Metric, InvalidMetric> = alias.map_or(name.as_str(), |(_, known)| known).parse();
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
