//! What stands before every name of statsd.

use serde::{Deserialize, Serialize};

/// Longest prefix, in bytes.
pub const MAX_PREFIX_BYTES: usize = 128;

/// Empty, or words of letters, digits, `_` and `-` with dots between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StatsdPrefix(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrefix {
    #[error("has {0} bytes, and {MAX_PREFIX_BYTES} are the most")]
    TooLong(usize),
    #[error("{0:?}: write letters, digits, dashes and underscores, and dots between them")]
    Characters(String),
}

impl StatsdPrefix {
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        match text {
            _ if text.len() > MAX_PREFIX_BYTES => Err(InvalidPrefix::TooLong(text.len())),
            _ if !text.is_empty() && !text.split('.').all(is_word) => Err(InvalidPrefix::Characters(text.to_owned())),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Without the dot that stands between it and a name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StatsdPrefix {
    type Error = InvalidPrefix;

    fn try_from(text: String) -> Result<Self, InvalidPrefix> {
        Self::parse(&text)
    }
}

impl From<StatsdPrefix> for String {
    fn from(prefix: StatsdPrefix) -> Self {
        prefix.0
    }
}
