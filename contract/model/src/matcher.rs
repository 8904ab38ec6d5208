//! Selects exposed statistics by name: Envoy's StringMatcher and StatsMatcher.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

mod possible;
#[cfg(test)]
mod tests;
mod whole;
pub use whole::WholeRegex;

/// Longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1024;

/// A pattern for a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(WholeRegex),
}

/// One pattern, case-sensitive or not. Clones share the pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Plain", into = "Plain")]
pub struct StringMatcher {
    pattern: Arc<Pattern>,
    ignore_case: bool,
}

/// Selects names. The default is `Exclusion` of nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatsMatcher {
    RejectAll,
    /// Names that any of these match.
    Inclusion(Vec<StringMatcher>),
    /// Names that none of these match.
    Exclusion(Vec<StringMatcher>),
}

/// An unchecked matcher, for serialization.
#[derive(Serialize, Deserialize)]
struct Plain {
    pattern: Pattern,
    ignore_case: bool,
}

/// Why a pattern is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMatcher {
    #[error("an empty {0} matches every name: write what names have in common")]
    Empty(&'static str),
    #[error("an empty regex matches no name: write one, as in .*")]
    EmptyRegex,
    #[error("a pattern of {0} bytes is too long: at most {MAX_PATTERN_BYTES} are allowed")]
    TooLong(usize),
    #[error("ignore_case has no effect on regex {0:?}: write (?i) at its beginning instead")]
    IgnoreCase(String),
    #[error("invalid regex {regex:?}: {problem}")]
    Regex { regex: String, problem: String },
}

impl StringMatcher {
    /// `ignore_case` applies to ASCII letters, as in Envoy. Refused with a regex, as there.
    pub fn new(pattern: Pattern, ignore_case: bool) -> Result<Self, InvalidMatcher> {
        let text = pattern.text();
        if text.len() > MAX_PATTERN_BYTES {
            return Err(InvalidMatcher::TooLong(text.len()));
        }
        match &pattern {
            Pattern::Prefix(text) if text.is_empty() => Err(InvalidMatcher::Empty("prefix")),
            Pattern::Suffix(text) if text.is_empty() => Err(InvalidMatcher::Empty("suffix")),
            Pattern::Contains(text) if text.is_empty() => Err(InvalidMatcher::Empty("contains")),
            Pattern::Regex(regex) if ignore_case => Err(InvalidMatcher::IgnoreCase(regex.text().to_owned())),
            _ => Ok(Self { pattern: Arc::new(pattern), ignore_case }),
        }
    }

    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match (&*self.pattern, self.ignore_case) {
            (Pattern::Exact(text), false) => name == text,
            (Pattern::Exact(text), true) => name.eq_ignore_ascii_case(text),
            (Pattern::Prefix(text), false) => name.starts_with(text),
            (Pattern::Prefix(text), true) => {
                name.as_bytes().get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text.as_bytes()))
            }
            (Pattern::Suffix(text), false) => name.ends_with(text),
            (Pattern::Suffix(text), true) => {
                let tail = name.len().checked_sub(text.len()).and_then(|start| name.as_bytes().get(start..));
                tail.is_some_and(|tail| tail.eq_ignore_ascii_case(text.as_bytes()))
            }
            (Pattern::Contains(text), false) => name.contains(text),
            (Pattern::Contains(text), true) => {
                name.as_bytes().windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
            }
            (Pattern::Regex(regex), _) => regex.is_match(name),
        }
    }

    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    #[must_use]
    pub fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    /// Memory where names are matched, with a compiled regular expression, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let compiled = match &*self.pattern {
            Pattern::Regex(regex) => regex.bytes(),
            Pattern::Exact(_) | Pattern::Prefix(_) | Pattern::Suffix(_) | Pattern::Contains(_) => 0,
        };
        self.unused_bytes() + compiled
    }

    /// Memory where no names are matched, as in the operator, bytes.
    #[must_use]
    pub fn unused_bytes(&self) -> usize {
        const SHARED: usize = 128;
        size_of::<Self>() + SHARED + 2 * self.pattern.text().len()
    }
}

impl StatsMatcher {
    /// Whether a statistic of this name is exposed.
    #[must_use]
    pub fn accepts(&self, name: &str) -> bool {
        match self {
            Self::RejectAll => false,
            Self::Inclusion(matchers) => matchers.iter().any(|matcher| matcher.matches(name)),
            Self::Exclusion(matchers) => !matchers.iter().any(|matcher| matcher.matches(name)),
        }
    }

    /// Memory with compiled regular expressions, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let matchers = match self {
            Self::RejectAll => &[][..],
            Self::Inclusion(matchers) | Self::Exclusion(matchers) => matchers,
        };
        size_of::<Self>() + matchers.iter().map(StringMatcher::bytes).sum::<usize>()
    }
}

impl Pattern {
    /// As the user wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) | Self::Suffix(text) | Self::Contains(text) => text,
            Self::Regex(regex) => regex.text(),
        }
    }
}

impl TryFrom<Plain> for StringMatcher {
    type Error = InvalidMatcher;

    fn try_from(Plain { pattern, ignore_case }: Plain) -> Result<Self, InvalidMatcher> {
        Self::new(pattern, ignore_case)
    }
}

impl From<StringMatcher> for Plain {
    fn from(matcher: StringMatcher) -> Self {
        Self { pattern: Arc::unwrap_or_clone(matcher.pattern), ignore_case: matcher.ignore_case }
    }
}
