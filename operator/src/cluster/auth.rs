//! Authenticates a stream: it belongs to the pod that its token is bound to.
//!
//! ```text
//! Bearer token --precheck, cache, signature, TokenReview--> Verified (account, pod UID, expiry) --account, ProbePods--> Grant
//! ```
//!
//! A token that is malformed, or signed by none of the API server's keys, is refused without a request: bogus tokens cost the
//! API server nothing. The others wait for their turn (`turns`).
//!
//! The API server decides. Only while it cannot be reached do its public keys decide. A token is then valid until it expires
//! or its pod is gone: a revocation takes effect when the API server is back.
//!
//! The API server's decision takes precedence over this machine's clock, which may be set at any time: how long a token is
//! still valid is computed once, when it is verified, and then measured by the monotonic clock.

mod cache;
mod claims;
mod gate;
mod keys;
mod precheck;
mod rates;
pub(crate) mod readers;
mod refusal;
pub(crate) mod request;
mod review;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use claims::Verified;
pub(crate) use gate::{Gate, Grant};
pub(crate) use keys::{InvalidToken, Keys};
pub(crate) use refusal::Refusal;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// For one request to the API server.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Time since 1970 by the wall clock; 0 if the clock is before that.
fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
