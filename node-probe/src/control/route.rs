//! The operator to connect to next: the configured one, or the one to which it redirects.

use longwire_wire::LEADER_HEADERS;
use std::net::SocketAddr;
use std::time::Duration;
use tonic::Status;

#[cfg(test)]
mod tests;

/// Redirects in a row without a wait: two standbys that redirect to each other must not keep a probe busy.
const MAX_REDIRECTS: u8 = 2;
/// A stream that lived this long resets the count of redirects and the backoff.
pub(super) const STEADY: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Route {
    /// The leader's address, instead of the configured one.
    pub(super) leader: Option<SocketAddr>,
    redirects: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    AtOnce,
    Wait,
}

impl Route {
    /// The next route, after a stream that lived this long and ended with this status, or without one. `anywhere`: any
    /// address may be followed, because the server authenticates itself.
    pub(super) fn after(&mut self, status: Option<&Status>, lived: Duration, anywhere: bool) -> Next {
        if lived >= STEADY {
            self.redirects = 0;
        }
        let named = status.and_then(leader).filter(|leader| anywhere || leader.ip().is_loopback());
        match named {
            Some(leader) if self.redirects < MAX_REDIRECTS => {
                self.redirects += 1;
                self.leader = Some(leader);
                Next::AtOnce
            }
            _ => {
                *self = Self::default();
                Next::Wait
            }
        }
    }
}

fn leader(status: &Status) -> Option<SocketAddr> {
    LEADER_HEADERS.into_iter().find_map(|name| status.metadata().get(name))?.to_str().ok()?.parse().ok()
}
