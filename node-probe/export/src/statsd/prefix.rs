//! What stands before every name.

use std::error::Error;
use std::fmt;

/// Longest prefix, in bytes.
const MAX_BYTES: usize = 128;

/// Empty, or words of letters, digits, `_` and `-` with dots between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix(Box<str>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidPrefix {
    /// Of so many bytes.
    TooLong(usize),
    Characters(String),
}

impl Prefix {
    pub fn parse(prefix: &str) -> Result<Self, InvalidPrefix> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        match prefix {
            "" => Ok(Self::default()),
            _ if prefix.len() > MAX_BYTES => Err(InvalidPrefix::TooLong(prefix.len())),
            _ if !prefix.split('.').all(is_word) => Err(InvalidPrefix::Characters(prefix.to_owned())),
            _ => Ok(Self(format!("{prefix}.").into())),
        }
    }

    /// With the dot after it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for InvalidPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => write!(f, "prefix of {bytes} bytes: at most {MAX_BYTES} are allowed"),
            Self::Characters(prefix) => {
                write!(f, "prefix {prefix:?}: letters, digits, _ and - are allowed, and dots between them")
            }
        }
    }
}

impl Error for InvalidPrefix {}
