//! Tag expressions: what a user writes to give a series another dimension, in a part of the Common Expression Language.
//!
//! ```text
//! text --parse (cel)--> syntax tree --typing--> typed tree --evaluate(facts)--> the tag's value
//! ```
//!
//! Everything that can be wrong but a missing label is refused when it is parsed. A typed tree cannot go wrong otherwise.

use crate::intern::Interner;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

mod attribute;
mod evaluate;
mod invalid;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod typing;

pub use attribute::{Attribute, End, Property, ServicePart};
pub use invalid::{InvalidExpression, Kind};

/// Longest expression, in bytes.
pub const MAX_BYTES: usize = 512;

/// Most literals, attributes, operators and calls of one expression.
pub const MAX_NODES: usize = 64;

/// Longest value of a tag, in bytes. Longer ones are cut at a character boundary.
pub const MAX_VALUE_BYTES: usize = 512;

/// A checked expression with a string value. Clones share it; equality, order and serialization are by its text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    text: Box<str>,
    tree: parse::Tree,
}

/// Shared, because telemetries repeat a few expressions for each group of metrics and each pod.
static KNOWN: LazyLock<Interner<Parsed>> = LazyLock::new(Interner::default);

/// The facts of one connection.
pub trait Facts {
    /// Never missing: an attribute that is not known is `unknown`, as in the standard labels.
    fn text(&self, attribute: Attribute) -> Cow<'_, str>;

    /// Of the address in the connection's packets.
    fn port(&self, end: End) -> u16;

    /// `None`: the pod has no such label, or the pod is not known.
    fn label(&self, end: End, name: &str) -> Option<&str>;
}

/// Why an expression has no value for a connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    #[error("the {end} has no label {name:?}, or its pod is not known: check {name:?} in {end}.labels first")]
    NoLabel { end: End, name: Arc<str> },
}

impl Expression {
    /// Reads, resolves and type-checks an expression.
    pub fn parse(text: &str) -> Result<Self, InvalidExpression> {
        if text.len() > MAX_BYTES {
            return Err(InvalidExpression::TooLong(text.len()));
        }
        let parsed = KNOWN.get_or_make(text, || Ok(Parsed { text: text.into(), tree: parse::parse(text)? }));
        parsed.map(Self)
    }

    /// As the user wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Names of the pod labels it reads, of either end, each once, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.tree.labels.iter().map(|name| &**name)
    }

    /// Memory where it is evaluated, with compiled regular expressions, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.unused_bytes() + self.0.tree.regex_bytes
    }

    /// Memory where it is never evaluated, as in the operator, bytes.
    #[must_use]
    pub fn unused_bytes(&self) -> usize {
        size_of::<Parsed>() + self.text().len() + self.0.tree.bytes
    }

    /// The tag's value for a connection, at most [`MAX_VALUE_BYTES`] long. It may be empty.
    ///
    /// As in CEL, if one side of `&&` or `||` decides the outcome, a missing label on the other side is no error.
    pub fn evaluate<'a>(&'a self, facts: &'a dyn Facts) -> Result<Cow<'a, str>, EvaluationError> {
        self.0.tree.value.evaluate(facts).map(cut)
    }
}

fn cut(value: Cow<'_, str>) -> Cow<'_, str> {
    let end = value.floor_char_boundary(MAX_VALUE_BYTES);
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text()).finish()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl PartialOrd for Expression {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Expression {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text())
    }
}

impl TryFrom<String> for Expression {
    type Error = InvalidExpression;

    fn try_from(text: String) -> Result<Self, InvalidExpression> {
        Self::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text().to_owned()
    }
}
