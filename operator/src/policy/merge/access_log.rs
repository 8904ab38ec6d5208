//! What is logged of the connections, field by field.

use super::conflicts::Conflicts;
use super::draft::{Part, claim, value};
use super::settings::{Setting, part};
use crate::source::object::Key;
use crate::source::object::policy::AccessLogs;
use k8s_openapi::jiff::Timestamp;
use longwire_model::access_log::{AccessLog, LogEvent, LogEvents, LogFormat, LogOutputs, Share};
use longwire_model::expression::Condition;
use longwire_model::identity::UnixNanos;
use std::time::Duration;

/// In objects for the whole cluster it is another setting than in others.
const RATE_LIMIT: &str = "spec.accessLogs.rateLimit";

#[derive(Debug, Default)]
pub(super) struct LogDraft<'a> {
    enabled: Part<'a, bool>,
    events: Part<'a, LogEvents>,
    interval: Part<'a, Duration>,
    min_duration: Part<'a, Duration>,
    filter: Part<'a, &'a Condition>,
    sample: Part<'a, Share>,
    /// Of each pod.
    rate_limit: Part<'a, u32>,
    /// Of each node. Only objects for the whole cluster have it, so that no namespace can raise it.
    node_rate: Part<'a, u32>,
    until: Part<'a, UnixNanos>,
    format: Part<'a, &'a LogFormat>,
    outputs: Part<'a, &'a LogOutputs>,
}

impl<'a> LogDraft<'a> {
    /// Of the same level, after older ones.
    pub(super) fn add(&mut self, logs: &'a AccessLogs, is_cluster_wide: bool, by: &'a Key, lost: &mut Conflicts<'a>) {
        let AccessLogs { enabled, events, interval, min_duration, filter, sample, rate_limit, until, format, outputs } =
            logs;
        claim(&mut self.enabled, *enabled, by, "spec.accessLogs.enabled", lost);
        claim(&mut self.events, *events, by, "spec.accessLogs.events", lost);
        claim(&mut self.interval, *interval, by, "spec.accessLogs.interval", lost);
        claim(&mut self.min_duration, *min_duration, by, "spec.accessLogs.minDuration", lost);
        claim(&mut self.filter, filter.as_ref(), by, "spec.accessLogs.filter", lost);
        claim(&mut self.sample, *sample, by, "spec.accessLogs.sample", lost);
        let rate = if is_cluster_wide { &mut self.node_rate } else { &mut self.rate_limit };
        claim(rate, *rate_limit, by, RATE_LIMIT, lost);
        claim(&mut self.until, *until, by, "spec.accessLogs.until", lost);
        claim(&mut self.format, format.as_ref(), by, "spec.accessLogs.format", lost);
        claim(&mut self.outputs, outputs.as_ref(), by, "spec.accessLogs.exporters", lost);
    }

    /// A narrower level.
    pub(super) fn cover(&mut self, narrower: &Self) {
        let Self {
            enabled,
            events,
            interval,
            min_duration,
            filter,
            sample,
            rate_limit,
            node_rate,
            until,
            format,
            outputs,
        } = *narrower;
        self.enabled = enabled.or(self.enabled);
        self.events = events.or(self.events);
        self.interval = interval.or(self.interval);
        self.min_duration = min_duration.or(self.min_duration);
        self.filter = filter.or(self.filter);
        self.sample = sample.or(self.sample);
        self.rate_limit = rate_limit.or(self.rate_limit);
        self.node_rate = node_rate.or(self.node_rate);
        self.until = until.or(self.until);
        self.format = format.or(self.format);
        self.outputs = outputs.or(self.outputs);
    }

    /// `own`: the pod's annotation, which takes precedence. Nothing to log is the same as no log.
    #[must_use]
    pub(super) fn merged(&self, own: Option<bool>) -> Option<AccessLog> {
        let usual = AccessLog::default();
        let events = value(self.events).unwrap_or(usual.events);
        let is_on = own.or(value(self.enabled)).unwrap_or(false);
        (is_on && events != LogEvents::NONE).then(|| AccessLog {
            events,
            interval: value(self.interval).unwrap_or(usual.interval),
            min_duration: value(self.min_duration).unwrap_or(usual.min_duration),
            filter: value(self.filter).cloned(),
            sample: value(self.sample).unwrap_or(usual.sample),
            rate_limit: value(self.rate_limit),
            until: value(self.until),
            format: value(self.format).cloned().unwrap_or(usual.format),
            outputs: value(self.outputs).cloned().unwrap_or(usual.outputs),
        })
    }

    /// What objects set, field by field.
    pub(super) fn settings(&self) -> Vec<Setting<'a>> {
        let Self {
            enabled,
            events,
            interval,
            min_duration,
            filter,
            sample,
            rate_limit,
            node_rate,
            until,
            format,
            outputs,
        } = *self;
        let time = |time: UnixNanos| {
            Timestamp::from_nanosecond(time.into()).map_or_else(|_| String::new(), |it| it.to_string())
        };
        let settings = [
            part("spec.accessLogs.enabled", enabled, |on| on.to_string()),
            part("spec.accessLogs.events", events, |events| joined(events.iter().map(LogEvent::name))),
            part("spec.accessLogs.interval", interval, |time| format!("{time:?}")),
            part("spec.accessLogs.minDuration", min_duration, |time| format!("{time:?}")),
            part("spec.accessLogs.filter", filter, |filter| filter.text().to_owned()),
            part("spec.accessLogs.sample", sample, |share| format!("{}%", f64::from(share.millionths()) / 10_000.0)),
            part(RATE_LIMIT, rate_limit, |lines| lines.to_string()).map(|it| it.of_levels(false)),
            part(RATE_LIMIT, node_rate, |lines| format!("{lines} of the node")).map(|it| it.of_levels(true)),
            part("spec.accessLogs.until", until, time),
            part("spec.accessLogs.format", format, |format| named(format).to_owned()),
            part("spec.accessLogs.exporters", outputs, |outputs| joined(outputs.names())),
        ];
        settings.into_iter().flatten().collect()
    }

    #[must_use]
    pub(super) fn node_rate(&self) -> Option<u32> {
        value(self.node_rate)
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(",")
}

fn named(format: &LogFormat) -> &'static str {
    match format {
        LogFormat::Json => "json",
        LogFormat::Istio => "istio",
        LogFormat::Ztunnel => "ztunnel",
        LogFormat::Kmesh => "kmesh",
        LogFormat::Text(_) => "a format string",
    }
}
