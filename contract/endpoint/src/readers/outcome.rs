//! Outcome of a request to a restricted page, for the counter.

use super::Verdict;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Admitted,
    /// Admitted earlier, while no decision was possible.
    Kept,
    NoToken,
    /// The `Authorization` header has no bearer token.
    Malformed,
    Unauthenticated,
    Forbidden,
    Unavailable,
    Busy,
}

impl Outcome {
    pub const ALL: [Self; 8] = [
        Self::Admitted,
        Self::Kept,
        Self::NoToken,
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Unavailable,
        Self::Busy,
    ];

    /// The value of the label `outcome`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Kept => "kept",
            Self::NoToken => "no_token",
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
        }
    }
}

impl From<&Verdict> for Outcome {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Admitted { .. } => Self::Admitted,
            Verdict::Kept => Self::Kept,
            Verdict::Unauthenticated(_) => Self::Unauthenticated,
            Verdict::Forbidden(_) => Self::Forbidden,
            Verdict::Unavailable(_) => Self::Unavailable,
            Verdict::Busy => Self::Busy,
        }
    }
}
