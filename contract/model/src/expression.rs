use serde::{Deserialize, Serialize};
use std::borrow::Cow;
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expression(String);
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct InvalidExpression;
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct EvaluationError;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Source,
    Destination,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    SourceWorkload,
}
pub trait Facts {
    fn text(&self, attribute: Attribute) -> Cow<'_, str>;
    fn port(&self, end: End) -> u16;
    fn label(&self, end: End, name: &str) -> Option<&str>;
}
impl Expression {
    pub fn parse(text: &str) -> Result<Self, InvalidExpression> {
        if text.is_empty() { Err(InvalidExpression) } else { Ok(Self(text.to_owned())) }
    }
    pub fn text(&self) -> &str {
        &self.0
    }
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
    pub fn evaluate<'a>(&'a self, _facts: &'a dyn Facts) -> Result<Cow<'a, str>, EvaluationError> {
        Ok(Cow::Borrowed(&self.0))
    }
}
