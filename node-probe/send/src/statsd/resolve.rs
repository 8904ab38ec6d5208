//! Addresses of a host.

use super::Failure;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// More are not tried.
const MOST: usize = 16;

/// At least one. `host` may be an address, and then a version 6 is in brackets.
pub(super) async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let found = timeout(limit, lookup_host(format!("{host}:{port}"))).await;
    let found = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(Failure::Name)?;
    let addresses: Vec<_> = found.take(MOST).collect();
    if addresses.is_empty() { Err(Failure::Name(io::ErrorKind::NotFound.into())) } else { Ok(addresses) }
}
