//! Compares a transfer of known size with the metrics of this node's probe: `helm test` runs it.
//!
//! Counters may have begun before, in a former run of this pod: what is compared is what they rise by.

mod exchange;
#[cfg(test)]
mod tests;

use crate::cli::options::SelfTest;
use axum::http::StatusCode;
use exchange::Exchange;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(500);
/// What Istio calls what the server sent, what the client sent, and connections.
const FAMILIES: [&str; 3] =
    ["istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total", "istio_tcp_connections_closed_total"];

#[derive(Debug, thiserror::Error)]
pub enum SelfTestFailed {
    #[error("{0:?} names no workload: write NAMESPACE/WORKLOAD")]
    Workload(String),
    #[error("{what} at {address}: {reason}")]
    Unreachable { what: &'static str, address: String, reason: io::Error },
    #[error("--probe-token {}: {reason}", file.display())]
    Token { file: PathBuf, reason: io::Error },
    #[error("the probe at {address} does not serve its metrics: {answer}")]
    Refused { address: String, answer: String },
    #[error(
        "the probe counted {seen} of a transfer of {made} after {waited:?}: is it ready, and does it know this pod? see \
         `kubectl logs` of the longwire-probe on this node"
    )]
    Differs { seen: Sums, made: Sums, waited: Duration },
}

/// Of one edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Bytes from server to client, and from client to server.
    sent: u64,
    received: u64,
    connections: u64,
}

/// Both ends, as labels of a series have them.
struct Edge([String; 4]);

pub async fn self_test(options: &SelfTest) -> Result<Sums, SelfTestFailed> {
    let edge = Edge::new(&options.source, &options.destination)?;
    let before = patiently(options, &edge).await?;
    let mut made = Sums::default();
    for _ in 0..options.connections {
        let Exchange { sent, received, .. } = get("the server", &options.server, "/healthz", None).await?;
        made.sent += received;
        made.received += sent;
        made.connections += 1;
    }
    let began = Instant::now();
    loop {
        let seen = counted(options, &edge).await?.minus(before);
        if seen == made {
            return Ok(made);
        }
        let waited = began.elapsed();
        if waited >= options.timeout {
            return Err(SelfTestFailed::Differs { seen, made, waited });
        }
        sleep(POLL).await;
    }
}

/// Until the probe exposes it: the probe may not be ready, and the permission to read may be new.
async fn patiently(options: &SelfTest, edge: &Edge) -> Result<Sums, SelfTestFailed> {
    let began = Instant::now();
    loop {
        match counted(options, edge).await {
            Err(SelfTestFailed::Refused { .. }) if began.elapsed() < options.timeout => sleep(POLL).await,
            outcome => return outcome,
        }
    }
}

/// The probe's counters of the edge.
async fn counted(options: &SelfTest, edge: &Edge) -> Result<Sums, SelfTestFailed> {
    let token = options.probe_token.as_deref().map(read).transpose()?;
    let Exchange { status, body, .. } = get("the probe", &options.probe, "/metrics", token.as_deref()).await?;
    if status == StatusCode::OK {
        return Ok(edge.sums(&body));
    }
    let answer = format!("{status}: {}", body.lines().next().unwrap_or_default());
    Err(SelfTestFailed::Refused { address: options.probe.clone(), answer })
}

fn read(file: &Path) -> Result<String, SelfTestFailed> {
    let text = fs::read_to_string(file).map_err(|reason| SelfTestFailed::Token { file: file.to_owned(), reason })?;
    Ok(text.trim().to_owned())
}

async fn get(what: &'static str, address: &str, path: &str, token: Option<&str>) -> Result<Exchange, SelfTestFailed> {
    let unreachable = |reason| SelfTestFailed::Unreachable { what, address: address.to_owned(), reason };
    exchange::get(address, path, token).await.map_err(unreachable)
}

impl Edge {
    fn new(source: &str, destination: &str) -> Result<Self, SelfTestFailed> {
        let label = |end: &str, whole: &str| {
            let parts = whole.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty());
            let (namespace, name) = parts.ok_or_else(|| SelfTestFailed::Workload(whole.to_owned()))?;
            Ok([format!("{end}_workload=\"{name}\""), format!("{end}_workload_namespace=\"{namespace}\"")])
        };
        let [a, b] = label("source", source)?;
        let [c, d] = label("destination", destination)?;
        Ok(Self([a, b, c, d]))
    }

    /// Summed over the label sets that the client's probe has of it.
    fn sums(&self, text: &str) -> Sums {
        let [sent, received, connections] = FAMILIES.map(|family| {
            let of_edge = |line: &&str| {
                line.strip_prefix(family).is_some_and(|rest| rest.starts_with('{'))
                    && line.contains("reporter=\"source\"")
                    && self.0.iter().all(|label| line.contains(label.as_str()))
            };
            let value = |line: &str| line.rsplit(' ').next()?.parse::<u64>().ok();
            text.lines().filter(of_edge).filter_map(value).sum()
        });
        Sums { sent, received, connections }
    }
}

impl Sums {
    fn minus(self, before: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(before.sent),
            received: self.received.saturating_sub(before.received),
            connections: self.connections.saturating_sub(before.connections),
        }
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sent, received, connections } = self;
        write!(f, "{connections} connections, {received} bytes to the server and {sent} back")
    }
}
