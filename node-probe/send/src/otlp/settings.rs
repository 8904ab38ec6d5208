//! How one signal of an exporter is sent: what its resource leaves open is taken from the environment, and else has a default.

#[cfg(test)]
pub(super) mod tests;

use super::Signal;
use super::environment::{Environment, Variables};
use super::pairs::{Headers, merged};
use super::secret::{Certificates, Directory, SecretError};
use super::tls::TlsError;
use http::Uri;
use http::uri::{InvalidUri, PathAndQuery};
use longwire_model::exporter::{Compression, Endpoint, Otlp, Pair, Protocol, Temporality};
use std::path::Path;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_secs(60);

/// Complete and checked. Two are equal if nothing that is sent or trusted differs, which a renewed Secret changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub signal: Signal,
    pub protocol: Protocol,
    pub compression: Compression,
    /// For one request and its answer.
    pub timeout: Duration,
    /// Between two exports of metrics.
    pub interval: Duration,
    /// Of metrics.
    pub temporality: Temporality,
    /// Of users, each name once.
    pub resource: Vec<Pair>,
    pub(super) url: Uri,
    pub(super) headers: Headers,
    pub(super) certificates: Certificates,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the endpoint {endpoint:?} is no URL: {reason}")]
    Url { endpoint: String, reason: http::Error },
    #[error("the header {0} cannot be sent: leave it out")]
    Header(String),
}

impl Settings {
    /// `secrets`: the directory that the chart mounts Secrets below. Reads files, so it may take a moment.
    pub fn resolve(
        otlp: &Otlp,
        signal: Signal,
        environment: &Environment,
        secrets: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let (variables, nothing) = (environment.of(signal), Variables::default());
        // One receiver's credentials are not for another.
        let of_receiver = if otlp.endpoint.is_none() { variables } else { [&nothing; 2] };
        let secret = otlp.secret.as_ref().map(|name| Directory::open(name.as_str(), secrets)).transpose()?;
        let protocol = otlp.protocol.or(first(variables, |own| own.protocol)).unwrap_or(Protocol::HttpProtobuf);
        let url = url(otlp.endpoint.as_ref(), signal, protocol, variables)?;
        let certificates = match url.scheme_str() {
            Some("https") => Certificates::read(secret.as_ref(), of_receiver)?,
            _ => Certificates::default(),
        };
        Ok(Self {
            signal,
            protocol,
            compression: otlp.compression.or(first(variables, |own| own.compression)).unwrap_or(Compression::None),
            timeout: otlp.timeout.or(first(variables, |own| own.timeout)).unwrap_or(TIMEOUT),
            interval: otlp.interval.or(environment.interval()).unwrap_or(INTERVAL),
            temporality: otlp.temporality.or(environment.temporality()).unwrap_or(Temporality::Cumulative),
            resource: merged(environment.resource().cloned(), &otlp.resource),
            url,
            headers: headers(&otlp.headers, secret.as_ref(), of_receiver)?,
            certificates,
        })
    }

    /// Where requests go. It has no credentials in it.
    #[must_use]
    pub fn url(&self) -> String {
        match self.protocol {
            // The method says nothing to a user.
            Protocol::Grpc => self.url.to_string().trim_end_matches(self.signal.method()).to_owned(),
            Protocol::HttpProtobuf => self.url.to_string(),
        }
    }
}

fn first<T>(variables: [&Variables; 2], of: impl FnMut(&Variables) -> Option<T>) -> Option<T> {
    variables.into_iter().find_map(of)
}

/// An endpoint for all signals has the signal's path appended over HTTP. That of a signal is taken as it is.
fn url(
    given: Option<&Endpoint>,
    signal: Signal,
    protocol: Protocol,
    [own, general]: [&Variables; 2],
) -> Result<Uri, SettingsError> {
    let default = match protocol {
        Protocol::Grpc => "http://localhost:4317",
        Protocol::HttpProtobuf => "http://localhost:4318",
    };
    let of_signal = if given.is_none() { own.endpoint.as_ref() } else { None };
    let of_all = given.or(general.endpoint.as_ref()).map_or(default, Endpoint::as_str);
    let text = match (protocol, of_signal) {
        (_, Some(endpoint)) => endpoint.as_str().to_owned(),
        (Protocol::Grpc, None) => of_all.to_owned(),
        (Protocol::HttpProtobuf, None) => format!("{}{}", of_all.trim_end_matches('/'), signal.path()),
    };
    let refusal = |reason: http::Error| SettingsError::Url { endpoint: text.clone(), reason };
    let url: Uri = text.parse().map_err(|error: InvalidUri| refusal(error.into()))?;
    if protocol == Protocol::HttpProtobuf {
        return Ok(url);
    }
    let mut parts = url.into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static(signal.method()));
    Uri::from_parts(parts).map_err(|error| refusal(error.into()))
}

/// Those of the resource and its Secret, which beats it. Only without any, those of the environment.
fn headers(given: &[Pair], secret: Option<&Directory>, variables: [&Variables; 2]) -> Result<Headers, SettingsError> {
    let own = merged(given.iter().cloned(), &secret.map_or(Ok(Vec::new()), Directory::headers)?);
    let inherited = || first(variables, |own| own.headers.clone()).unwrap_or_default();
    Ok(if own.is_empty() { inherited() } else { Headers(own) })
}
