//! Restricts a page to readers: a reader sends a bearer token, and an authorizer decides about it.
//!
//! ```text
//! Authorization --bearer--> token --SHA-256--> Known --none, or too old--> one request per token -> Authorizer
//!                                                |                                                      |
//!                       page, 401, 403, 503 <-- Verdict <--------------------- Decision <---------------+
//! ```
//!
//! Only the SHA-256 of a token is kept. A token without a decision makes a request to the authorizer; open requests are
//! limited, in total and by source. A token with a decision costs a lookup.

mod authorization;
mod bearer;
mod known;
mod outcome;
mod restrict;

pub use authorization::Readers;
pub use bearer::{MAX_TOKEN, is_token};
pub use outcome::Outcome;
pub use restrict::restrict;

use sha2::{Digest as _, Sha256};
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Most characters of a text for a reader.
const TEXT: usize = 512;

/// Authenticates a token's user and checks its permissions.
pub trait Authorizer: Debug + Send + Sync + 'static {
    /// Whether the user of this token may get /metrics. `from`: address of the client that sent it.
    fn authorize(self: Arc<Self>, from: Arc<str>, token: String) -> Deciding;
}

pub type Deciding = Pin<Box<dyn Future<Output = Decision> + Send>>;

/// An authorizer's answer. Its text is for the reader and never contains the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// How long the token itself stays valid.
    Allowed {
        valid: Duration,
    },
    Unauthenticated(String),
    Forbidden(String),
    /// No decision is possible now.
    Unavailable(String),
}

/// The answer to a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// How long it stays admitted, if nothing changes.
    Admitted {
        left: Duration,
    },
    /// Admitted earlier, while no decision is possible.
    Kept,
    Unauthenticated(String),
    Forbidden(String),
    Unavailable(String),
    /// Too many requests to the authorizer are open.
    Busy,
}

/// Limits of the decisions that are kept and of the open requests to the authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderLimits {
    /// The decision about an admitted token is renewed after this.
    pub admitted: Duration,
    /// The decision about a refused token is renewed after this.
    pub refused: Duration,
    /// While no decision is possible, an admitted reader stays admitted for at most this long.
    pub kept: Duration,
    /// Most admitted and most refused tokens that are kept. The one with the oldest decision is evicted.
    pub admitted_tokens: usize,
    pub refused_tokens: usize,
    /// Open requests to the authorizer, in total and of one source.
    pub open_requests: usize,
    pub open_requests_of_source: usize,
}

impl ReaderLimits {
    /// For one page: at most about 1 MiB.
    pub const PAGE: Self = Self {
        admitted: Duration::from_secs(60),
        refused: Duration::from_secs(10),
        kept: Duration::from_secs(3_600),
        admitted_tokens: 256,
        refused_tokens: 1_024,
        open_requests: 32,
        open_requests_of_source: 4,
    };
}

type Digest = [u8; 32];

fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

impl Decision {
    /// Cut to the longest text that is kept.
    fn clipped(self) -> Self {
        let clip = |text: String| text.chars().filter(|character| !character.is_control()).take(TEXT).collect();
        match self {
            Self::Allowed { .. } => self,
            Self::Unauthenticated(text) => Self::Unauthenticated(clip(text)),
            Self::Forbidden(text) => Self::Forbidden(clip(text)),
            Self::Unavailable(text) => Self::Unavailable(clip(text)),
        }
    }
}

#[cfg(test)]
mod tests;
