//! The access logs of a TelemetryPolicy, checked.

use super::refusal::{Refusal, at_most, within};
use k8s_openapi::jiff::Timestamp;
use longwire_crds::limits::{MAX_EXPORTERS, MAX_LOG_INTERVAL, MAX_LOG_RATE, MAX_MIN_DURATION};
use longwire_crds::telemetry_policy::{self as crd, log_event_names};
use longwire_model::access_log::{LogEvent, LogEvents, LogFormat, LogOutputs, Share, Template};
use longwire_model::expression::Condition;
use longwire_model::identity::UnixNanos;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Of an unknown preset, which is quoted, in bytes.
const MAX_QUOTED_BYTES: usize = 64;

/// What an object says of access logs; each field is merged by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessLogs {
    pub(crate) enabled: Option<bool>,
    pub(crate) events: Option<LogEvents>,
    pub(crate) interval: Option<Duration>,
    pub(crate) min_duration: Option<Duration>,
    pub(crate) filter: Option<Condition>,
    pub(crate) sample: Option<Share>,
    /// Of each pod, or in an object for the whole cluster of each node.
    pub(crate) rate_limit: Option<u32>,
    pub(crate) until: Option<UnixNanos>,
    pub(crate) format: Option<LogFormat>,
    pub(crate) outputs: Option<LogOutputs>,
}

/// `reporting_interval`: the one that the same object sets.
pub(super) fn read(logs: crd::AccessLogs, reporting_interval: Option<Duration>) -> Result<AccessLogs, Refusal> {
    const INTERVAL: &str = "spec.accessLogs.interval";
    let crd::AccessLogs {
        enabled,
        events,
        interval,
        min_duration,
        filter,
        sample,
        rate_limit,
        until,
        exporters,
        format,
    } = logs;
    let interval = interval.map(|interval| super::telemetry_policy::duration(INTERVAL, interval, MAX_LOG_INTERVAL));
    let interval = interval.transpose()?;
    if let (Some(interval), Some(reporting)) = (interval, reporting_interval)
        && interval < reporting
    {
        return Err(Refusal::invalid(format!(
            "{INTERVAL}: {interval:?} is less than spec.reportingInterval, and a connection is read once in that time: write \
             at least {reporting:?}"
        )));
    }
    let rate_limit = rate_limit.map(|lines| within("spec.accessLogs.rateLimit", lines, 1, MAX_LOG_RATE));
    Ok(AccessLogs {
        enabled,
        events: events.map(|names| read_events(&names)).transpose()?,
        interval,
        min_duration: min_duration.map(read_min_duration).transpose()?,
        filter: filter.map(|text| read_filter(&text)).transpose()?,
        sample: sample.map(read_sample).transpose()?,
        rate_limit: rate_limit.transpose()?,
        until: until.map(|text| read_time(&text)).transpose()?,
        format: format.map(|text| read_format(&text)).transpose()?,
        outputs: exporters.map(|names| read_outputs(&names)).transpose()?,
    })
}

fn read_events(names: &[String]) -> Result<LogEvents, Refusal> {
    let mut events = LogEvents::NONE;
    for (at, name) in names.iter().enumerate() {
        let field = format!("spec.accessLogs.events[{at}]");
        let Some(event) = LogEvent::named(name) else {
            let known = log_event_names().join(", ");
            return Err(Refusal::invalid(format!("{field}: unknown event {name:?}: known are {known}")));
        };
        if events.contains(event) {
            return Err(Refusal::invalid(format!("{field}: {name} is in the list twice")));
        }
        events = events.with(event);
    }
    Ok(events)
}

/// Unlike other durations it may be 0.
fn read_min_duration(value: longwire_crds::Duration) -> Result<Duration, Refusal> {
    let plain = Duration::from(value);
    if !value.is_negative() && plain <= MAX_MIN_DURATION {
        return Ok(plain);
    }
    Err(Refusal::invalid(format!("spec.accessLogs.minDuration: {value} is not between 0s and {MAX_MIN_DURATION:?}")))
}

fn read_filter(text: &str) -> Result<Condition, Refusal> {
    const FILTER: &str = "spec.accessLogs.filter";
    if text.is_empty() {
        return Err(Refusal::invalid(format!("{FILTER}: is empty: write an expression, as destination.port == 5432")));
    }
    Condition::parse(text).map_err(Refusal::at(FILTER))
}

fn read_sample(percent: f64) -> Result<Share, Refusal> {
    let refusal = || Refusal::invalid(format!("spec.accessLogs.sample: {percent} is not between 0 and 100 percent"));
    Share::of_percent(percent).ok_or_else(refusal)
}

/// Years after 2554 are the end of what nanoseconds can count.
fn read_time(text: &str) -> Result<UnixNanos, Refusal> {
    let time = if is_time(text) { text.parse::<Timestamp>().ok() } else { None };
    match time {
        Some(time) => Ok(UnixNanos::try_from(time.as_nanosecond()).unwrap_or(UnixNanos::MAX)),
        None => Err(Refusal::invalid(format!(
            "spec.accessLogs.until: {text:?} is no time of the years 2000 to 2999: write one as 2026-12-31T18:00:00Z"
        ))),
    }
}

/// As the schema's pattern and format: a time's parser takes more.
fn is_time(text: &str) -> bool {
    const SECONDS: &str = "2999-99-99T99:99:99";
    const OFFSET: &str = "+99:99";
    let is_like = |text: &str, like: &str| {
        let fits = |(byte, like): (u8, u8)| if like == b'9' { byte.is_ascii_digit() } else { byte == like };
        text.len() == like.len() && text.bytes().zip(like.bytes()).all(fits)
    };
    let Some((seconds, rest)) = text.split_at_checked(SECONDS.len()) else { return false };
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &fraction[digits..]
        }
    };
    let is_offset = is_like(&offset.replace('-', "+"), OFFSET) && &offset[1..3] < "24";
    is_like(seconds, SECONDS) && !seconds.ends_with(":60") && (offset == "Z" || is_offset)
}

fn read_outputs(names: &[String]) -> Result<LogOutputs, Refusal> {
    const EXPORTERS: &str = "spec.accessLogs.exporters";
    at_most(EXPORTERS, "names", names.len(), MAX_EXPORTERS + 1)?;
    if names.is_empty() {
        return Err(Refusal::invalid(format!("{EXPORTERS}: is empty: write enabled: false, or leave it out")));
    }
    if let Some(at) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        return Err(Refusal::invalid(format!("{EXPORTERS}[{at}]: {} is in the list twice", names[at])));
    }
    LogOutputs::parse(names.iter().map(String::as_str)).map_err(Refusal::at(EXPORTERS))
}

/// What has no % is the name of a preset.
fn read_format(text: &str) -> Result<LogFormat, Refusal> {
    const FORMAT: &str = "spec.accessLogs.format";
    if let Some(preset) = LogFormat::preset(text) {
        return Ok(preset);
    }
    if text.contains('%') {
        return Template::parse(text).map(LogFormat::Text).map_err(Refusal::at(FORMAT));
    }
    let (quoted, known) = (&text[..text.floor_char_boundary(MAX_QUOTED_BYTES)], LogFormat::PRESETS.join(", "));
    Err(Refusal::invalid(format!(
        "{FORMAT}: unknown format {quoted:?}: known are {known}, and format strings with operators, as %BYTES_SENT%"
    )))
}
