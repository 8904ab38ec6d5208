//! Whom to ask next: the configured operator, or the one that it sends the probe to.

use std::net::SocketAddr;
use std::time::Duration;
use tonic::Status;

#[cfg(test)]
mod tests;

/// Where a standby says who serves.
const HOLDER: &str = "longwire-holder";
/// Sent on so often without a wait: two standbys that each name the other must not keep a probe busy.
const MOST_REDIRECTS: u8 = 2;
/// A stream that lived this long was a good one: what came before it is forgotten.
pub(super) const STEADY: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Route {
    /// Instead of the configured address.
    pub(super) holder: Option<SocketAddr>,
    redirects: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    AtOnce,
    Wait,
}

impl Route {
    /// After a stream that lived this long and ended with this status, or without one. `anywhere`: the address may be any,
    /// because whoever answers there has to prove who it is.
    pub(super) fn after(&mut self, status: Option<&Status>, lived: Duration, anywhere: bool) -> Next {
        if lived >= STEADY {
            self.redirects = 0;
        }
        let named = status.and_then(holder).filter(|holder| anywhere || holder.ip().is_loopback());
        match named {
            Some(holder) if self.redirects < MOST_REDIRECTS => {
                self.redirects += 1;
                self.holder = Some(holder);
                Next::AtOnce
            }
            _ => {
                *self = Self::default();
                Next::Wait
            }
        }
    }
}

fn holder(status: &Status) -> Option<SocketAddr> {
    status.metadata().get(HOLDER)?.to_str().ok()?.parse().ok()
}
