//! Regular expressions for whole names.

use super::{InvalidMatcher, MAX_PATTERN_BYTES};
use crate::regex::{Extent, Regex};
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};

/// A regular expression that must match a whole name, as Envoy's `safe_regex`. Equality is by text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WholeRegex(Regex);

impl WholeRegex {
    pub fn parse(text: &str) -> Result<Self, InvalidMatcher> {
        if text.is_empty() {
            return Err(InvalidMatcher::EmptyRegex);
        }
        if text.len() > MAX_PATTERN_BYTES {
            return Err(InvalidMatcher::TooLong(text.len()));
        }
        let regex = Regex::parse(text, Extent::Whole);
        regex.map(Self).map_err(|problem| InvalidMatcher::Regex { regex: text.to_owned(), problem })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text()
    }

    #[must_use]
    pub fn is_match(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// Memory after its first use, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl PartialEq for WholeRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for WholeRegex {}

impl Hash for WholeRegex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl TryFrom<String> for WholeRegex {
    type Error = InvalidMatcher;

    fn try_from(text: String) -> Result<Self, InvalidMatcher> {
        Self::parse(&text)
    }
}

impl From<WholeRegex> for String {
    fn from(regex: WholeRegex) -> Self {
        regex.text().to_owned()
    }
}
