//! The variables that OpenTelemetry's specification defines for exporters.

#[cfg(test)]
mod tests;

use super::Signal;
use super::pairs::{Headers, InvalidPairs, listed_attributes, listed_headers};
use longwire_model::exporter::{Compression, Endpoint, InvalidAddress, Pair, Protocol, Temporality};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

const EXPORTER: &str = "OTEL_EXPORTER_OTLP_";
/// Longest time that a variable may name.
const MAX_TIME: Duration = Duration::from_secs(3600);
const MAX_SHOWN: usize = 64;

/// What the process was started with, read once. A variable that is empty is as one that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    general: Variables,
    metrics: Variables,
    logs: Variables,
    interval: Option<Duration>,
    temporality: Option<Temporality>,
    resource: Vec<Pair>,
    service: Option<Pair>,
}

/// `OTEL_EXPORTER_OTLP_*`, or those of one signal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variables {
    pub(super) endpoint: Option<Endpoint>,
    pub(super) protocol: Option<Protocol>,
    pub(super) headers: Option<Headers>,
    pub(super) compression: Option<Compression>,
    pub(super) timeout: Option<Duration>,
    /// Files.
    pub(super) certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct InvalidVariable {
    pub variable: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("is no UTF-8: write text")]
    NoText,
    #[error("is {value:?}, which is not known here: write {known}")]
    Unknown { value: String, known: String },
    #[error("is {0:?}: write whole milliseconds, from {min} to {max}", min = .1.as_millis(), max = MAX_TIME.as_millis())]
    Time(String, Duration),
    #[error("is wrong: {0}")]
    Endpoint(#[from] InvalidAddress),
    #[error("is wrong: {0}")]
    Pairs(#[from] InvalidPairs),
    #[error("is wrong: a name has at most 1024 bytes and no control characters")]
    Name,
}

impl Environment {
    /// Of all variables of a process. Those that are wrong are left out, as the specification wants it, and named: whether to go on
    /// without them is for the caller to say.
    pub fn parse<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> (Self, Vec<InvalidVariable>) {
        let (mut environment, mut invalid) = (Self::default(), Vec::new());
        for (name, value) in variables {
            let Some(name) = name.as_ref().to_str().filter(|name| name.starts_with("OTEL_")) else { continue };
            let value = value.as_ref().to_str().ok_or(Problem::NoText);
            if let Err(problem) = value.and_then(|value| environment.take(name, value.trim())) {
                invalid.push(InvalidVariable { variable: name.to_owned(), problem });
            }
        }
        (environment, invalid)
    }

    /// The signal's variables, and those of all signals.
    pub(super) fn of(&self, signal: Signal) -> [&Variables; 2] {
        match signal {
            Signal::Metrics => [&self.metrics, &self.general],
            Signal::Logs => [&self.logs, &self.general],
        }
    }

    /// Between two exports of metrics.
    pub(super) fn interval(&self) -> Option<Duration> {
        self.interval
    }

    pub(super) fn temporality(&self) -> Option<Temporality> {
        self.temporality
    }

    /// The service's name is last, because it beats an attribute of its name.
    pub(super) fn resource(&self) -> impl Iterator<Item = &Pair> {
        self.resource.iter().chain(&self.service)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        if value.is_empty() {
            return Ok(());
        }
        match name {
            "OTEL_METRIC_EXPORT_INTERVAL" => self.interval = Some(time(value, Duration::from_secs(1))?),
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" => self.temporality = Some(temporality(value)?),
            "OTEL_RESOURCE_ATTRIBUTES" => self.resource = listed_attributes(value)?,
            "OTEL_SERVICE_NAME" => {
                self.service = Some(Pair::attribute("service.name", value).map_err(|_| Problem::Name)?);
            }
            _ => {
                let Some(rest) = name.strip_prefix(EXPORTER) else { return Ok(()) };
                if let Some(rest) = rest.strip_prefix("METRICS_") {
                    self.metrics.take(rest, value)?;
                } else if let Some(rest) = rest.strip_prefix("LOGS_") {
                    self.logs.take(rest, value)?;
                } else {
                    self.general.take(rest, value)?;
                }
            }
        }
        Ok(())
    }
}

impl Variables {
    fn take(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        match name {
            "ENDPOINT" => self.endpoint = Some(Endpoint::parse(value)?),
            "PROTOCOL" => self.protocol = Some(known(value, Protocol::ALL.map(|one| (one.name(), one)))?),
            "HEADERS" => self.headers = Some(Headers(listed_headers(value)?)),
            "COMPRESSION" => self.compression = Some(known(value, Compression::ALL.map(|one| (one.name(), one)))?),
            // The specification has 0 for no limit. The probe waits for nobody without one.
            "TIMEOUT" => self.timeout = Some(time(value, Duration::from_millis(1))?),
            "CERTIFICATE" => self.certificate = Some(value.into()),
            "CLIENT_KEY" => self.client_key = Some(value.into()),
            "CLIENT_CERTIFICATE" => self.client_certificate = Some(value.into()),
            _ => {}
        }
        Ok(())
    }
}

fn time(value: &str, min: Duration) -> Result<Duration, Problem> {
    let time = value.parse().ok().map(Duration::from_millis);
    time.filter(|time| (min..=MAX_TIME).contains(time)).ok_or_else(|| Problem::Time(shown(value), min))
}

/// `lowmemory` differs from `delta` in instruments that are no counters or histograms, which the probe does not have.
fn temporality(value: &str) -> Result<Temporality, Problem> {
    let names = Temporality::ALL.map(|one| (one.name(), one));
    known(value, names.into_iter().chain([("lowmemory", Temporality::Delta)]))
}

fn known<T>(value: &str, all: impl IntoIterator<Item = (&'static str, T)>) -> Result<T, Problem> {
    let mut names = Vec::new();
    for (name, one) in all {
        if value.eq_ignore_ascii_case(name) {
            return Ok(one);
        }
        names.push(name);
    }
    Err(Problem::Unknown { value: shown(value), known: names.join(" or ") })
}

fn shown(value: &str) -> String {
    value.chars().take(MAX_SHOWN).collect()
}
