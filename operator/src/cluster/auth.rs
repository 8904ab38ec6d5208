//! Who a stream belongs to: the pod that its token is bound to.
//!
//! ```text
//! Bearer token --precheck, cache, signature, TokenReview--> Verified (account, pod UID, expiry) --account, ProbePods--> Pass
//! ```
//!
//! What is wrong on the face of a token, and a signature by none of the API server's keys, is refused without asking it: whoever
//! sends bogus tokens costs it nothing. What is left takes its turn (`turns`).
//!
//! The API server has the last word. Only where it cannot be reached do its public keys decide, and then a token counts until it
//! expires or its pod is gone: what was revoked meanwhile is found out when the API server is back.
//!
//! The API server's word goes before this machine's clock, which may be set at any time: how long a token still counts is worked
//! out once, when it is verified, and then measured by a clock that nobody sets.

mod cache;
mod claims;
mod gate;
mod keys;
mod precheck;
mod question;
mod rates;
pub(crate) mod readers;
mod refusal;
mod review;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use claims::Verified;
pub(crate) use gate::{Gate, Grant};
pub(crate) use keys::{InvalidToken, Keys};
pub(crate) use refusal::Refusal;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whom a probe's token is for.
pub(crate) const AUDIENCE: &str = "longwire-operator";
/// For one question to the API server.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Since 1970, by the clock that people set. One that stands before that is as good as none.
fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
