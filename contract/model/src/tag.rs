//! Names of tags: label names that users may choose.

use crate::series::{CONNECTION_LABELS, REASON, SERVICE_LABELS, WORKLOAD_LABELS};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Longest name of a tag, in bytes.
pub const MAX_NAME_BYTES: usize = 63;

/// Names that have a meaning for Prometheus, for a scrape configuration or for one of our families.
const RESERVED: [&str; 5] = ["le", "job", "instance", "app", REASON];

/// A Prometheus label name that a tag may have: `[a-zA-Z_][a-zA-Z0-9_]*`, at most 63 bytes, and not reserved. Names of
/// standard labels are allowed, because an override replaces their values. Clones share the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagName(Arc<str>);

impl TagName {
    pub fn parse(name: &str) -> Result<Self, InvalidTagName> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match name.bytes().next() {
            None => Err(InvalidTagName::Empty),
            _ if name.len() > MAX_NAME_BYTES => Err(InvalidTagName::TooLong(name.len())),
            Some(first) if first.is_ascii_digit() || !name.bytes().all(is_word) => {
                Err(InvalidTagName::Characters(name.to_owned()))
            }
            _ if name.starts_with("__") || RESERVED.contains(&name) => Err(InvalidTagName::Reserved(name.to_owned())),
            _ => Ok(Self(name.into())),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a family has a label of this name, which the tag then replaces.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        let name = self.as_str();
        SERVICE_LABELS.contains(&name) || CONNECTION_LABELS.contains(&name) || WORKLOAD_LABELS.contains(&name)
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for TagName {
    type Error = InvalidTagName;

    fn try_from(name: String) -> Result<Self, InvalidTagName> {
        Self::parse(&name)
    }
}

impl From<TagName> for String {
    fn from(name: TagName) -> Self {
        name.as_str().to_owned()
    }
}

/// Why a text is not a valid name of a tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTagName {
    #[error("a tag's name is empty: give it one, as in team")]
    Empty,
    #[error("a tag's name of {0} bytes is too long: at most {MAX_NAME_BYTES} are allowed")]
    TooLong(usize),
    #[error("tag name {0:?} is no Prometheus label name: write letters, digits and _, and no digit first")]
    Characters(String),
    #[error("tag name {0} is reserved: choose another than __*, le, job, instance, app and reason")]
    Reserved(String),
}
