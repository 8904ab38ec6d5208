use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pattern {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(WholeRegex),
}
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StringMatcher(Pattern, bool);
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct InvalidMatcher;
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StatsMatcher {
    RejectAll,
    Inclusion(Vec<StringMatcher>),
    Exclusion(Vec<StringMatcher>),
}

impl StringMatcher {
    pub fn new(pattern: Pattern, ignore_case: bool) -> Result<Self, InvalidMatcher> {
        Ok(Self(pattern, ignore_case))
    }
    pub fn pattern(&self) -> &Pattern {
        &self.0
    }
    pub fn ignores_case(&self) -> bool {
        self.1
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WholeRegex(String);
impl WholeRegex {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl std::str::FromStr for WholeRegex {
    type Err = InvalidMatcher;
    fn from_str(text: &str) -> Result<Self, InvalidMatcher> {
        Ok(Self(text.to_owned()))
    }
}
