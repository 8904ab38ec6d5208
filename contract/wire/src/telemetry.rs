//! Converts the configuration to protobuf and back.

use crate::proto;
use crate::proto::stats_matcher::Mode;
use crate::proto::string_matcher::Pattern as ProtoPattern;
use longwire_model::expression::{Expression, InvalidExpression};
use longwire_model::limits::MAX_TELEMETRY_BYTES;
use longwire_model::matcher::{InvalidMatcher, Pattern, StatsMatcher, StringMatcher, WholeRegex};
use longwire_model::series::{InvalidMetric, Metric, Metrics, SeriesSet};
use longwire_model::tag::{InvalidTagName, TagName};
use longwire_model::telemetry::{Group, NodeSettings, Tag, TagValue, Telemetry, TelemetryTooLarge};
use prost::Message;
use std::time::Duration;

mod access_log;
mod exporter;

pub use access_log::InvalidAccessLog;
pub use exporter::InvalidExporter;

/// Metrics that the first releases did not know, and whose updates they would refuse. They are named where an unknown name is left out.
const NEWER: Metrics = Metrics::NONE.with(Metric::LocalityBytes);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTelemetry {
    #[error("group.metrics: {0}")]
    Metric(#[from] InvalidMetric),
    #[error("group.metrics: {0} is one of Envoy's, or in two groups")]
    Misplaced(&'static str),
    #[error("tag.name: {0}")]
    TagName(#[from] InvalidTagName),
    #[error("group.tags: {0:?} does not ascend")]
    TagOrder(String),
    #[error("tag.expression: {0}")]
    Expression(#[from] InvalidExpression),
    #[error("string_matcher: {0}")]
    Matcher(#[from] InvalidMatcher),
    #[error("string_matcher.pattern: missing, or one from a newer operator")]
    NoPattern,
    #[error("stats_matcher.mode: {0} is none that is known")]
    Mode(i32),
    #[error(transparent)]
    AccessLog(#[from] InvalidAccessLog),
    #[error("telemetry: {0}")]
    TooLarge(#[from] TelemetryTooLarge),
}

pub(crate) fn settings_to_proto(settings: &NodeSettings) -> proto::NodeSettings {
    let NodeSettings { reporting_interval, series, long_connections, series_per_namespace, access_log_rate, exporters } =
        settings;
    proto::NodeSettings {
        reporting_interval_ms: reporting_interval.map(milliseconds),
        series: *series,
        long_connections: *long_connections,
        series_per_namespace: *series_per_namespace,
        access_log_rate: *access_log_rate,
        exporters: exporters.iter().map(exporter::to_proto).collect(),
    }
}

pub(crate) fn settings_from_proto(settings: proto::NodeSettings) -> Result<NodeSettings, InvalidExporter> {
    let proto::NodeSettings {
        reporting_interval_ms,
        series,
        long_connections,
        series_per_namespace,
        access_log_rate,
        exporters,
    } = settings;
    let reporting_interval = reporting_interval_ms.map(|ms| Duration::from_millis(ms.into()));
    let exporters = exporter::all_from_proto(exporters)?;
    Ok(NodeSettings { reporting_interval, series, long_connections, series_per_namespace, access_log_rate, exporters })
}

pub(crate) fn to_proto(telemetry: &Telemetry, r#ref: u32) -> proto::Telemetry {
    let Telemetry { long_connections, source, destination, stats, access_log } = telemetry;
    proto::Telemetry {
        r#ref,
        long_connections_ms: long_connections.map(milliseconds),
        source: source.iter().map(group_to_proto).collect(),
        destination: destination.iter().map(group_to_proto).collect(),
        stats: stats.as_ref().map(stats_to_proto),
        access_log: access_log.as_ref().map(access_log::to_proto),
    }
}

pub(crate) fn from_proto(telemetry: proto::Telemetry) -> Result<Telemetry, InvalidTelemetry> {
    // The encoded length is a lower bound of its size, so one that is too large is refused before it is parsed.
    let bytes = telemetry.encoded_len();
    if bytes > MAX_TELEMETRY_BYTES {
        return Err(TelemetryTooLarge { bytes }.into());
    }
    let proto::Telemetry { r#ref: _, long_connections_ms, source, destination, stats, access_log } = telemetry;
    let telemetry = Telemetry {
        long_connections: long_connections_ms.map(|ms| Duration::from_millis(ms.into())),
        source: groups_from_proto(source)?,
        destination: groups_from_proto(destination)?,
        stats: stats.map(stats_from_proto).transpose()?,
        access_log: access_log.map(access_log::from_proto).transpose()?,
    };
    telemetry.check_size()?;
    Ok(telemetry)
}

/// More than 49 days become 49 days.
fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn group_to_proto(group: &Group) -> proto::Group {
    let Group { metrics, tags } = group;
    let names = |metrics: Metrics| metrics.iter().map(|metric| metric.family().name.to_owned()).collect();
    proto::Group {
        metrics: names(metrics.difference(NEWER)),
        tags: tags.iter().map(tag_to_proto).collect(),
        newer_metrics: names(metrics.intersection(NEWER)),
    }
}

fn tag_to_proto(tag: &Tag) -> proto::Tag {
    let Tag { name, value } = tag;
    proto::Tag {
        name: name.as_str().to_owned(),
        expression: value.as_ref().map(|value| value.expression.text().to_owned()),
        max_values: value.as_ref().and_then(|value| value.max_values),
    }
}

fn groups_from_proto(groups: Vec<proto::Group>) -> Result<Vec<Group>, InvalidTelemetry> {
    let mut placed = Metrics::of(SeriesSet::Envoy);
    let mut known = Vec::with_capacity(groups.len());
    for proto::Group { metrics, tags, newer_metrics } in groups {
        let mut own = Metrics::NONE;
        let newer = newer_metrics.iter().filter_map(|name| name.parse::<Metric>().ok());
        for metric in metrics.iter().map(|name| name.parse()).chain(newer.map(Ok)) {
            let metric: Metric = metric?;
            if placed.contains(metric) {
                return Err(InvalidTelemetry::Misplaced(metric.family().name));
            }
            (own, placed) = (own.with(metric), placed.with(metric));
        }
        known.push(Group { metrics: own, tags: tags_from_proto(tags)? });
    }
    Ok(known)
}

fn tags_from_proto(tags: Vec<proto::Tag>) -> Result<Vec<Tag>, InvalidTelemetry> {
    let mut known: Vec<Tag> = Vec::with_capacity(tags.len());
    for proto::Tag { name, expression, max_values } in tags {
        let name = TagName::parse(&name)?;
        if known.last().is_some_and(|last| last.name >= name) {
            return Err(InvalidTelemetry::TagOrder(name.as_str().to_owned()));
        }
        let expression = expression.map(|text| Expression::parse(&text)).transpose()?;
        known.push(Tag { name, value: expression.map(|expression| TagValue { expression, max_values }) });
    }
    Ok(known)
}

fn stats_to_proto(stats: &StatsMatcher) -> proto::StatsMatcher {
    let (mode, matchers) = match stats {
        StatsMatcher::RejectAll => (Mode::RejectAll, &[][..]),
        StatsMatcher::Inclusion(matchers) => (Mode::Inclusion, &matchers[..]),
        StatsMatcher::Exclusion(matchers) => (Mode::Exclusion, &matchers[..]),
    };
    proto::StatsMatcher { mode: mode.into(), patterns: matchers.iter().map(matcher_to_proto).collect() }
}

fn matcher_to_proto(matcher: &StringMatcher) -> proto::StringMatcher {
    let pattern = match matcher.pattern() {
        Pattern::Exact(text) => ProtoPattern::Exact(text.clone()),
        Pattern::Prefix(text) => ProtoPattern::Prefix(text.clone()),
        Pattern::Suffix(text) => ProtoPattern::Suffix(text.clone()),
        Pattern::Contains(text) => ProtoPattern::Contains(text.clone()),
        Pattern::Regex(regex) => ProtoPattern::Regex(regex.text().to_owned()),
    };
    proto::StringMatcher { pattern: Some(pattern), ignore_case: matcher.ignores_case() }
}

fn stats_from_proto(stats: proto::StatsMatcher) -> Result<StatsMatcher, InvalidTelemetry> {
    let proto::StatsMatcher { mode, patterns } = stats;
    let matchers = || patterns.into_iter().map(matcher_from_proto).collect::<Result<_, _>>();
    Ok(match Mode::try_from(mode).map_err(|_| InvalidTelemetry::Mode(mode))? {
        Mode::RejectAll => StatsMatcher::RejectAll,
        Mode::Inclusion => StatsMatcher::Inclusion(matchers()?),
        Mode::Exclusion => StatsMatcher::Exclusion(matchers()?),
    })
}

fn matcher_from_proto(matcher: proto::StringMatcher) -> Result<StringMatcher, InvalidTelemetry> {
    let pattern = match matcher.pattern.ok_or(InvalidTelemetry::NoPattern)? {
        ProtoPattern::Exact(text) => Pattern::Exact(text),
        ProtoPattern::Prefix(text) => Pattern::Prefix(text),
        ProtoPattern::Suffix(text) => Pattern::Suffix(text),
        ProtoPattern::Contains(text) => Pattern::Contains(text),
        ProtoPattern::Regex(text) => Pattern::Regex(WholeRegex::parse(&text)?),
    };
    Ok(StringMatcher::new(pattern, matcher.ignore_case)?)
}
