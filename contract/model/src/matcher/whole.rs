//! Regular expressions of users: bounded, and for whole names.

use super::{InvalidMatcher, MAX_PATTERN_BYTES};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};

/// Bytes a compiled regex may take, and as many again for the automaton that it builds as it matches.
const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// A regular expression that a name must match from its beginning to its end, as Envoy's `safe_regex`. Equal by text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WholeRegex {
    text: Box<str>,
    whole: Regex,
}

impl WholeRegex {
    pub fn parse(text: &str) -> Result<Self, InvalidMatcher> {
        if text.is_empty() {
            return Err(InvalidMatcher::EmptyRegex);
        }
        if text.len() > MAX_PATTERN_BYTES {
            return Err(InvalidMatcher::TooLong(text.len()));
        }
        let invalid = |problem| InvalidMatcher::Regex { regex: text.to_owned(), problem };
        // On its own first: `a)|(b` is a regex only between our parentheses.
        bounded(text).map_err(invalid)?;
        let whole = bounded(&format!(r"\A(?:{text})\z")).map_err(invalid)?;
        Ok(Self { text: text.into(), whole })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn is_match(&self, name: &str) -> bool {
        self.whole.is_match(name)
    }
}

/// Compiles a regex that matches anywhere. What is wrong with it, in one line.
pub(crate) fn bounded(text: &str) -> Result<Regex, String> {
    let compiled = RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).dfa_size_limit(MAX_COMPILED_BYTES).build();
    compiled.map_err(|error| match error {
        // The last of several lines says it; those before it draw where.
        regex::Error::Syntax(drawn) => {
            let last = drawn.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
        regex::Error::CompiledTooBig(limit) => format!("it takes more than {limit} bytes: use fewer repetitions"),
        other => other.to_string(),
    })
}

impl PartialEq for WholeRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for WholeRegex {}

impl Hash for WholeRegex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
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
        regex.text.into()
    }
}
