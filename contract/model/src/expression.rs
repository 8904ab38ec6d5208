//! Expressions in a part of the Common Expression Language: of a tag, which gives a series another dimension, and of a filter, which
//! chooses among events.
//!
//! ```text
//! text --parse (cel)--> syntax tree --typing--> typed tree --evaluate(facts)--> the tag's value, or whether the filter holds
//! ```
//!
//! Everything that can be wrong but a missing label is refused when it is parsed. A typed tree cannot go wrong otherwise.

use crate::intern::Interner;
use checked::{Checked, Parsed};
use parse::Scope;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

mod attribute;
mod checked;
mod evaluate;
mod flow;
mod happened;
mod invalid;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod typing;

pub use attribute::{Attribute, End, Property, ServicePart};
pub use flow::{LabelOf, Shown};
pub use happened::{Quantity, Word};
pub use invalid::{InvalidExpression, Kind};

/// Longest expression, in bytes.
pub const MAX_BYTES: usize = 512;

/// Most literals, attributes, operators and calls of one expression.
pub const MAX_NODES: usize = 64;

/// Longest value of a tag, in bytes. Longer ones are cut at a character boundary.
pub const MAX_VALUE_BYTES: usize = 512;

/// A checked expression with a string value, of a tag. Equality, order and serialization are by its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression(Checked<tree::Text>);

/// A checked expression that is true or false for an event of a connection, of a filter. It may also read what has happened.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition(Checked<tree::Truth>);

/// Shared, because telemetries repeat a few expressions for each group of metrics and each pod.
static EXPRESSIONS: LazyLock<Interner<Parsed<tree::Text>>> = LazyLock::new(Interner::default);
static CONDITIONS: LazyLock<Interner<Parsed<tree::Truth>>> = LazyLock::new(Interner::default);

/// The facts of one connection.
pub trait Facts {
    /// Never missing: an attribute that is not known is `unknown`, as in the standard labels.
    fn text(&self, attribute: Attribute) -> Cow<'_, str>;

    /// Of the address in the connection's packets.
    fn port(&self, end: End) -> u16;

    /// `None`: the pod has no such label, or the pod is not known.
    fn label(&self, end: End, name: &str) -> Option<&str>;

    /// What has happened to it. `None` where only tags are evaluated, which cannot read that.
    fn happened(&self) -> Option<&dyn Happened> {
        None
    }
}

/// What has happened to a connection, as a [`Condition`] reads it.
pub trait Happened {
    fn quantity(&self, quantity: Quantity) -> i64;

    fn word(&self, word: Word) -> &str;
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
        Checked::parse(text, &EXPRESSIONS, Scope::Tag, typing::value).map(Self)
    }

    /// The tag's value for a connection, at most [`MAX_VALUE_BYTES`] long. It may be empty.
    ///
    /// As in CEL, if one side of `&&` or `||` decides the outcome, a missing label on the other side is no error.
    pub fn evaluate<'a>(&'a self, facts: &'a dyn Facts) -> Result<Cow<'a, str>, EvaluationError> {
        self.0.value().evaluate(facts).map(cut)
    }
}

impl Condition {
    /// Reads, resolves and type-checks a filter.
    pub fn parse(text: &str) -> Result<Self, InvalidExpression> {
        Checked::parse(text, &CONDITIONS, Scope::Filter, typing::condition).map(Self)
    }

    /// Whether it holds. `facts` know what has happened.
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, EvaluationError> {
        self.0.value().evaluate(facts)
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

/// What both kinds have in common, because each is its text.
macro_rules! by_text {
    ($name:ident) => {
        impl $name {
            /// As the user wrote it.
            #[must_use]
            pub fn text(&self) -> &str {
                self.0.text()
            }

            /// Names of the pod labels it reads, of either end, each once, sorted.
            pub fn labels(&self) -> impl Iterator<Item = &str> {
                self.0.labels()
            }

            /// Attributes that it reads, each once.
            #[must_use]
            pub fn attributes(&self) -> &[Attribute] {
                self.0.attributes()
            }

            /// Memory where it is evaluated, with compiled regular expressions, bytes.
            #[must_use]
            pub fn bytes(&self) -> usize {
                self.0.bytes()
            }

            /// Memory where it is never evaluated, as in the operator, bytes.
            #[must_use]
            pub fn unused_bytes(&self) -> usize {
                self.0.unused_bytes()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.text()).finish()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidExpression;

            fn try_from(text: String) -> Result<Self, InvalidExpression> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(expression: $name) -> Self {
                expression.text().to_owned()
            }
        }
    };
}

by_text!(Expression);
by_text!(Condition);
