//! What is logged of the connections, field by field.

use super::conflicts::Conflicts;
use super::draft::{Part, claim, value};
use crate::source::object::Key;
use crate::source::object::policy::AccessLogs;
use longwire_model::access_log::{AccessLog, LogEvents, LogFormat, LogOutputs, Share};
use longwire_model::expression::Condition;
use longwire_model::identity::UnixNanos;
use std::time::Duration;

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
    pub(super) fn add(&mut self, logs: &'a AccessLogs, is_cluster_wide: bool, by: &'a Key, lost: &mut Conflicts) {
        let AccessLogs { enabled, events, interval, min_duration, filter, sample, rate_limit, until, format, outputs } =
            logs;
        claim(&mut self.enabled, *enabled, by, "spec.accessLogs.enabled", lost);
        claim(&mut self.events, *events, by, "spec.accessLogs.events", lost);
        claim(&mut self.interval, *interval, by, "spec.accessLogs.interval", lost);
        claim(&mut self.min_duration, *min_duration, by, "spec.accessLogs.minDuration", lost);
        claim(&mut self.filter, filter.as_ref(), by, "spec.accessLogs.filter", lost);
        claim(&mut self.sample, *sample, by, "spec.accessLogs.sample", lost);
        let rate = if is_cluster_wide { &mut self.node_rate } else { &mut self.rate_limit };
        claim(rate, *rate_limit, by, "spec.accessLogs.rateLimit", lost);
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

    #[must_use]
    pub(super) fn node_rate(&self) -> Option<u32> {
        value(self.node_rate)
    }
}
