//! Requests of OpenTelemetry's protocol, to their receiver.
//!
//! ```text
//! OTEL_* --Environment--\
//! Otlp, Secret's files ---+--Settings, of one signal--> Sender
//! request, encoded --Sender: gzip, then attempts over gRPC or HTTP/1.1 until one is answered for good--> Sent
//! ```
//!
//! One client of HTTP serves both protocols, because the framing of gRPC is five bytes before a message: so both share connections,
//! TLS, time limits and bounds. Proxies are not used, and redirects are not followed: a request goes where its endpoint says.

mod attempt;
mod body;
mod environment;
mod grpc;
mod http1;
mod pairs;
mod retry;
mod secret;
mod sender;
mod settings;
#[cfg(test)]
mod tests;
mod tls;

pub use environment::{Environment, InvalidVariable};
pub use pairs::PairProblem;
pub use secret::SecretError;
pub use sender::Sender;
pub use settings::{Settings, SettingsError};
pub use tls::TlsError;

use longwire_export::otlp::{Accepted, InvalidResponse, logs_response, metrics_response};
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest text about a request, characters: it ends up in a log.
const MAX_MESSAGE: usize = 512;
/// Of the endpoint in it, so that a long one leaves room for the rest.
const MAX_ENDPOINT: usize = 200;

/// What a request holds: each signal has its own address, and variables of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    Metrics,
    Logs,
}

/// What became of a request. Messages name the endpoint, are short and have no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Accepted,
    /// Accepted without so many data points or log records. With none it is a warning.
    Partly {
        rejected: u64,
        message: String,
    },
    /// The receiver does not want it, and would not want it again.
    Refused {
        message: String,
    },
    /// It was not answered for good in time. The receiver may have got it nevertheless.
    GaveUp {
        message: String,
    },
}

/// What a sender has done so far.
#[derive(Debug, Default)]
pub struct Counts {
    attempts: AtomicU64,
    retries: AtomicU64,
}

impl Signal {
    /// Below a general endpoint, over HTTP.
    const fn path(self) -> &'static str {
        match self {
            Self::Metrics => "/v1/metrics",
            Self::Logs => "/v1/logs",
        }
    }

    /// The method of gRPC.
    const fn method(self) -> &'static str {
        match self {
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        }
    }

    fn read(self, answer: &[u8]) -> Result<Accepted, InvalidResponse> {
        match self {
            Self::Metrics => metrics_response(answer),
            Self::Logs => logs_response(answer),
        }
    }
}

impl Counts {
    /// Requests that were sent or tried to be sent, with those that are no first ones.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Attempts that followed a failed one of the same request.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }
}

impl Sent {
    /// Messages may have texts of the receiver in them: this is where these become harmless.
    fn about(self, endpoint: &str) -> Self {
        let clean = |message: String| {
            let whole = endpoint.chars().take(MAX_ENDPOINT).chain(": ".chars()).chain(message.chars());
            whole.map(|char| if char.is_control() { ' ' } else { char }).take(MAX_MESSAGE).collect()
        };
        match self {
            Self::Accepted => Self::Accepted,
            Self::Partly { rejected, message } => Self::Partly { rejected, message: clean(message) },
            Self::Refused { message } => Self::Refused { message: clean(message) },
            Self::GaveUp { message } => Self::GaveUp { message: clean(message) },
        }
    }
}
