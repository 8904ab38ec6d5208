//! Addresses of receivers, checked as far as their text allows.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Longest URL, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 1024;
/// Longest address of a statsd server, in bytes: `udp://`, the longest name of a host, a colon and a port.
pub const MAX_STATSD_ADDRESS_BYTES: usize = 6 + MAX_HOST_BYTES + 6;
/// Of the name of a host.
const MAX_HOST_BYTES: usize = 253;
/// Of a Unix socket, without its end: `sun_path` has 108.
const MAX_PATH_BYTES: usize = 107;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    #[error("has {0} bytes, and {1} are the most")]
    TooLong(usize, usize),
    #[error("{0:?}: write a URL with http:// or https:// and a host, such as http://collector.observability:4317")]
    Endpoint(String),
    #[error("{0:?}: leave the user and password out, and put them into headers of a Secret")]
    Credentials(String),
    #[error("{0:?}: write udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH")]
    Statsd(String),
}

/// An `http` or `https` URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint(String);

/// Where a statsd server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StatsdAddress {
    Udp {
        host: String,
        port: u16,
    },
    Tcp {
        host: String,
        port: u16,
    },
    /// A datagram socket, or a stream socket if there is none of that kind.
    Unix {
        path: String,
    },
}

impl Endpoint {
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        check_length(text, MAX_ADDRESS_BYTES)?;
        let refusal = || InvalidAddress::Endpoint(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(refusal)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(InvalidAddress::Credentials(text.replace(authority, "...")));
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let is_host = if has_port { host_and_port(authority).is_some() } else { is_host(authority) };
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic()) && !rest.contains(['#', '"', '\\', '?']);
        match scheme {
            "http" | "https" if is_host && is_plain => Ok(Self(text.to_owned())),
            _ => Err(refusal()),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl StatsdAddress {
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        check_length(text, MAX_STATSD_ADDRESS_BYTES)?;
        let refusal = || InvalidAddress::Statsd(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(refusal)?;
        let known = match scheme {
            "udp" => host_and_port(rest).map(|(host, port)| Self::Udp { host, port }),
            "tcp" => host_and_port(rest).map(|(host, port)| Self::Tcp { host, port }),
            "unix" => is_path(rest).then(|| Self::Unix { path: rest.to_owned() }),
            _ => None,
        };
        known.ok_or_else(refusal)
    }
}

fn check_length(text: &str, most: usize) -> Result<(), InvalidAddress> {
    if text.len() > most { Err(InvalidAddress::TooLong(text.len(), most)) } else { Ok(()) }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| is_number && *port != 0)?;
    is_host(host).then(|| (host.to_owned(), port))
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
    }
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=MAX_HOST_BYTES).contains(&text.len()) && text.bytes().all(is_known) && !text.starts_with(['-', '.'])
}

/// Absolute, and without a way back up.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.len() <= MAX_PATH_BYTES
        && !text.ends_with('/')
        && text.split('/').all(|part| part != "..")
        && !text.bytes().any(|byte| byte.is_ascii_control())
}

impl TryFrom<String> for Endpoint {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        Self::parse(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.0
    }
}

impl TryFrom<String> for StatsdAddress {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        Self::parse(&text)
    }
}

impl From<StatsdAddress> for String {
    fn from(address: StatsdAddress) -> Self {
        match address {
            StatsdAddress::Udp { host, port } => format!("udp://{host}:{port}"),
            StatsdAddress::Tcp { host, port } => format!("tcp://{host}:{port}"),
            StatsdAddress::Unix { path } => format!("unix://{path}"),
        }
    }
}
