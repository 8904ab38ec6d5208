//! Converts a pod's access log to protobuf and back.

use super::milliseconds;
use crate::proto;
use crate::proto::access_log::Format;
use longwire_model::access_log::{
    AccessLog, InvalidShare, InvalidTemplate, LogEvent, LogEvents, LogFormat, LogOutputs, Share, Template,
};
use longwire_model::exporter::InvalidExporterName;
use longwire_model::expression::{Condition, InvalidExpression};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccessLog {
    #[error("access_log.events: {0:?} is none that is known")]
    Event(String),
    #[error("access_log.filter: {0}")]
    Filter(InvalidExpression),
    #[error("access_log.sample_millionths: {0}")]
    Sample(InvalidShare),
    #[error("access_log.format: missing, or one from a newer operator")]
    NoFormat,
    #[error("access_log.preset: {0:?} is none that is known")]
    Preset(String),
    #[error("access_log.template: {0}")]
    Template(InvalidTemplate),
    #[error("access_log.outputs: {0}")]
    Output(InvalidExporterName),
}

pub(super) fn to_proto(log: &AccessLog) -> proto::AccessLog {
    let AccessLog { events, interval, min_duration, filter, sample, rate_limit, until, format, outputs } = log;
    proto::AccessLog {
        events: events.iter().map(|event| event.name().to_owned()).collect(),
        interval_ms: milliseconds(*interval),
        min_duration_ms: milliseconds(*min_duration),
        filter: filter.as_ref().map(|filter| filter.text().to_owned()),
        sample_millionths: sample.millionths(),
        rate_limit: *rate_limit,
        until: *until,
        format: Some(format_to_proto(format)),
        outputs: outputs.names().map(str::to_owned).collect(),
    }
}

pub(super) fn from_proto(log: proto::AccessLog) -> Result<AccessLog, InvalidAccessLog> {
    let proto::AccessLog {
        events,
        interval_ms,
        min_duration_ms,
        filter,
        sample_millionths,
        rate_limit,
        until,
        format,
        outputs,
    } = log;
    Ok(AccessLog {
        events: events_from_proto(events)?,
        interval: Duration::from_millis(interval_ms.into()),
        min_duration: Duration::from_millis(min_duration_ms.into()),
        filter: filter.map(|text| Condition::parse(&text)).transpose().map_err(InvalidAccessLog::Filter)?,
        sample: Share::try_from(sample_millionths).map_err(InvalidAccessLog::Sample)?,
        rate_limit,
        until,
        format: format_from_proto(format.ok_or(InvalidAccessLog::NoFormat)?)?,
        outputs: outputs_from_proto(&outputs)?,
    })
}

fn events_from_proto(names: Vec<String>) -> Result<LogEvents, InvalidAccessLog> {
    names.into_iter().try_fold(LogEvents::NONE, |events, name| match LogEvent::named(&name) {
        Some(event) => Ok(events.with(event)),
        None => Err(InvalidAccessLog::Event(name)),
    })
}

/// An operator of the release before knows no others than the standard output.
fn outputs_from_proto(names: &[String]) -> Result<LogOutputs, InvalidAccessLog> {
    if names.is_empty() {
        return Ok(LogOutputs::default());
    }
    LogOutputs::parse(names.iter().map(String::as_str)).map_err(InvalidAccessLog::Output)
}

fn format_to_proto(format: &LogFormat) -> Format {
    let preset = |name: &str| Format::Preset(name.to_owned());
    match format {
        LogFormat::Json => preset("json"),
        LogFormat::Istio => preset("istio"),
        LogFormat::Ztunnel => preset("ztunnel"),
        LogFormat::Kmesh => preset("kmesh"),
        LogFormat::Text(template) => Format::Template(template.text().to_owned()),
    }
}

fn format_from_proto(format: Format) -> Result<LogFormat, InvalidAccessLog> {
    match format {
        Format::Preset(name) => LogFormat::preset(&name).ok_or(InvalidAccessLog::Preset(name)),
        Format::Template(text) => Template::parse(&text).map(LogFormat::Text).map_err(InvalidAccessLog::Template),
    }
}
