//! Who a stream belongs to: the pod that its token is bound to.
//!
//! ```text
//! Bearer token --cache, TokenReview, or cached keys--> Verified (account, pod UID, expiry) --account, ProbePods--> Pass (pod, node)
//! ```
//!
//! The API server is asked first. Only where it cannot be reached do its public keys decide, and then a token counts until it
//! expires or its pod is gone: what was revoked meanwhile is found out when the API server is back.

mod cache;
mod claims;
mod gate;
mod keys;
mod pods;
mod refusal;
mod review;
#[cfg(test)]
mod tests;

pub use claims::{Account, Claims, Verified};
pub use gate::{Gate, Pass};
pub use keys::{InvalidToken, KeySet, Keys};
pub use pods::{ProbePods, Probes};
pub use refusal::Refusal;

/// Whom a probe's token is for.
pub const AUDIENCE: &str = "longwire-operator";
/// For one question to the API server.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
