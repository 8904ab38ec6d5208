//! An exporter of OpenTelemetry's protocol.

use super::address::Endpoint;
use super::name::ExporterName;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Most headers, and most attributes of the resource.
pub const MAX_PAIRS: usize = 32;
pub const MAX_PAIR_KEY_BYTES: usize = 128;
pub const MAX_PAIR_VALUE_BYTES: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Otlp {
    /// Of all signals: over HTTP the path of a signal is appended.
    pub endpoint: Option<Endpoint>,
    pub protocol: Option<Protocol>,
    pub compression: Option<Compression>,
    /// For one request and its answer.
    pub timeout: Option<Duration>,
    /// Between two exports of metrics.
    pub interval: Option<Duration>,
    pub temporality: Option<Temporality>,
    /// Sent with each request. Secrets do not belong here.
    pub headers: Vec<Pair>,
    /// In addition to those that the probe knows of itself.
    pub resource: Vec<Pair>,
    /// A directory of a Secret that the chart mounts: `headers`, `ca.crt`, `tls.crt` and `tls.key`, each if it is there.
    pub secret: Option<ExporterName>,
    pub metrics: bool,
    pub logs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    Grpc,
    HttpProtobuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compression {
    None,
    Gzip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Temporality {
    Cumulative,
    Delta,
}

/// A header or an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pair {
    pub key: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPair {
    #[error("{0:?}: the name of a header has 1 to {MAX_PAIR_KEY_BYTES} letters, digits and dashes")]
    Header(String),
    #[error("{0}: is set by the protocol itself: leave it out")]
    Reserved(String),
    #[error("{0:?}: the name of an attribute has 1 to {MAX_PAIR_KEY_BYTES} printable characters")]
    Attribute(String),
    #[error("{0}: the value has at most {MAX_PAIR_VALUE_BYTES} bytes, and no control characters")]
    Value(String),
}

impl Pair {
    /// A header of HTTP, in lower case as HTTP/2 wants it.
    pub fn header(key: &str, value: &str) -> Result<Self, InvalidPair> {
        const RESERVED: [&str; 6] = ["content-type", "content-length", "content-encoding", "host", "te", "user-agent"];
        let key = key.to_ascii_lowercase();
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !is_length(&key) || !key.bytes().all(is_known) {
            return Err(InvalidPair::Header(cut(&key)));
        }
        if RESERVED.contains(&key.as_str()) || key.starts_with("grpc-") {
            return Err(InvalidPair::Reserved(key));
        }
        Self { key, value: value.to_owned() }.checked(|value| value.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
    }

    /// An attribute of the resource.
    pub fn attribute(key: &str, value: &str) -> Result<Self, InvalidPair> {
        if !is_length(key) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidPair::Attribute(cut(key)));
        }
        let pair = Self { key: key.to_owned(), value: value.to_owned() };
        pair.checked(|value| !value.chars().any(char::is_control))
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.key.len() + self.value.len()
    }

    fn checked(self, is_plain: impl Fn(&str) -> bool) -> Result<Self, InvalidPair> {
        let is_value = self.value.len() <= MAX_PAIR_VALUE_BYTES && is_plain(&self.value);
        if is_value { Ok(self) } else { Err(InvalidPair::Value(self.key)) }
    }
}

fn is_length(key: &str) -> bool {
    (1..=MAX_PAIR_KEY_BYTES).contains(&key.len())
}

fn cut(key: &str) -> String {
    key[..key.floor_char_boundary(MAX_PAIR_KEY_BYTES)].to_owned()
}

impl Protocol {
    pub const ALL: [Self; 2] = [Self::Grpc, Self::HttpProtobuf];

    /// As OpenTelemetry's environment variables have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
        }
    }
}

impl Compression {
    pub const ALL: [Self; 2] = [Self::None, Self::Gzip];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
        }
    }
}

impl Temporality {
    pub const ALL: [Self; 2] = [Self::Cumulative, Self::Delta];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
        }
    }
}
