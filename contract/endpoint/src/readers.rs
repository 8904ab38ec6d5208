//! Who may read a page: a reader sends a bearer token, and an authorizer decides about it.
//!
//! ```text
//! Authorization --bearer--> token --SHA-256--> Known --none, or too old--> one question a token --> Authorizer
//!                                                |                                                      |
//!                       page, 401, 403, 503 <-- Verdict <--------------------- Decision <---------------+
//! ```
//!
//! Tokens are remembered by their SHA-256 alone. A token that nobody has decided about yet costs a place among the questions
//! that are open, of which every source has a part; what is decided costs a look into a table.

mod asked;
mod bearer;
mod known;
mod outcome;
mod restrict;

pub use asked::Readers;
pub use bearer::{MAX_TOKEN, is_token};
pub use outcome::Outcome;
pub use restrict::restrict;

use sha2::{Digest as _, Sha256};
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Characters of a text for a reader.
const TEXT: usize = 512;

/// Knows who a token's user is and what that user may do.
pub trait Authorizer: Debug + Send + Sync + 'static {
    /// Whether the user of this token may get /metrics. `from`: who brought it.
    fn authorize(self: Arc<Self>, from: Arc<str>, token: String) -> Deciding;
}

pub type Deciding = Pin<Box<dyn Future<Output = Decision> + Send>>;

/// What an authorizer says. A text is for the reader and never holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The token's own life from now on.
    Allowed {
        valid: Duration,
    },
    Unauthenticated(String),
    Forbidden(String),
    /// Nobody can tell now.
    Unavailable(String),
}

/// What becomes of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// For so long, if nothing changes.
    Admitted {
        left: Duration,
    },
    /// Admitted before, and nobody can tell now.
    Kept,
    Unauthenticated(String),
    Forbidden(String),
    Unavailable(String),
    /// Too many questions are open.
    Busy,
}

/// How much is remembered and asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderLimits {
    /// A reader that was admitted is asked about again after this.
    pub admitted: Duration,
    /// One that was refused, after this.
    pub refused: Duration,
    /// While nobody can tell, one that was admitted stays so for at most this long.
    pub kept: Duration,
    /// Tokens remembered that were admitted, and that were refused. The one that was decided about first gives way.
    pub admitted_tokens: usize,
    pub refused_tokens: usize,
    /// Questions open at a time, in all and of one source.
    pub questions: usize,
    pub questions_of_source: usize,
}

impl ReaderLimits {
    /// Of a page: at most about 1 MiB.
    pub const PAGE: Self = Self {
        admitted: Duration::from_secs(60),
        refused: Duration::from_secs(10),
        kept: Duration::from_secs(3_600),
        admitted_tokens: 256,
        refused_tokens: 1_024,
        questions: 32,
        questions_of_source: 4,
    };
}

type Digest = [u8; 32];

fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

impl Decision {
    /// No longer than what may be remembered.
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
