//! Errors of expressions, with suggestions.

use super::{Attribute, End, MAX_BYTES, MAX_NODES, Quantity, Word};
use std::fmt;

/// Why a text is not a valid expression of a tag or of a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExpression {
    #[error("an expression of {0} bytes is too long: at most {MAX_BYTES} are allowed")]
    TooLong(usize),
    #[error("an expression of more than {MAX_NODES} literals, attributes, operators and calls is too long")]
    TooManyNodes,
    #[error("parentheses, lists and calls are nested too deeply: at most {0} levels are allowed")]
    TooDeep(u16),
    /// Line and column count from 1, columns in bytes.
    #[error("syntax error at line {line}, column {column}: {problem}")]
    Syntax { line: usize, column: usize, problem: String },
    #[error("unknown attribute {name}: {}", Hint(.name))]
    UnknownAttribute { name: String },
    #[error(
        "unknown function {0}: known are contains, duration, endsWith, has, lowerAscii, matches, size, startsWith, string, upperAscii"
    )]
    UnknownFunction(String),
    #[error("wrong call of {function}: write {usage}")]
    WrongCall { function: &'static str, usage: &'static str },
    #[error("{what} cannot be used here: {remedy}")]
    Unsupported { what: String, remedy: &'static str },
    /// `operator` takes one type and got another.
    #[error("{operator} takes {takes}s, {found} is {kind:#}: {remedy}", remedy = .takes.remedy())]
    WrongType { operator: &'static str, takes: Kind, found: String, kind: Kind },
    #[error(
        "{operator} takes values of one type, {left} is {left_kind:#} and {right} is {right_kind:#}: string() makes an int or a bool a string"
    )]
    UnlikeTypes { operator: &'static str, left: String, left_kind: Kind, right: String, right_kind: Kind },
    #[error("a tag's value is a string, {found} is {kind:#}: write string({found})")]
    NoString { found: String, kind: Kind },
    #[error("a filter is true or false, {found} is {kind:#}: compare it with something, as in {found} == ...")]
    NoBool { found: String, kind: Kind },
    #[error("{name} changes while a connection lives, so only the filter of an access log can use it")]
    OfFilters { name: String },
    #[error("{0:?} is no duration: write a number and a unit, as in 500ms, 5s or 1h30m")]
    Duration(String),
    #[error(
        "no pod can have a label {0:?}: a label's name has letters, digits, -, _, . and at most one /, and at most 317 bytes"
    )]
    LabelName(String),
    #[error("invalid regex {regex:?}: {problem}")]
    Regex { regex: String, problem: String },
}

/// The type of a value. `{}` names it, `{:#}` puts an article before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    Int,
    Bool,
}

impl Kind {
    fn remedy(self) -> &'static str {
        match self {
            Self::String => "string() makes an int or a bool a string",
            Self::Int => "strings and bools are compared with == and !=",
            Self::Bool => "compare it with something by ==",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self, f.alternate()) {
            (Self::String, false) => "string",
            (Self::String, true) => "a string",
            (Self::Int, false) => "int",
            (Self::Int, true) => "an int",
            (Self::Bool, false) => "bool",
            (Self::Bool, true) => "a bool",
        };
        f.write_str(name)
    }
}

/// Suggests a known attribute instead of an unknown one.
struct Hint<'a>(&'a str);

/// The attributes of the requested Service began with this in the previous release.
const FORMER: &str = "destination.service.dialled";
/// Most edits of a typing error.
const SLIP: usize = 3;

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(part) = self.0.strip_prefix(FORMER).filter(|part| part.starts_with('.')) {
            return write!(f, "it is named destination.service.requested{part} now");
        }
        let others = End::ALL.into_iter().flat_map(|end| [end.port_name(), end.labels_name()]);
        let happened = Quantity::ALL.into_iter().map(Quantity::name).chain(Word::ALL.into_iter().map(Word::name));
        let known: Vec<&str> = Attribute::ALL.into_iter().map(Attribute::name).chain(others).chain(happened).collect();
        let within = |name: &&str| name.strip_prefix(self.0).is_some_and(|rest| rest.starts_with('.'));
        let group: Vec<&str> = known.iter().copied().filter(within).collect();
        if let [first, ..] = group[..] {
            return write!(f, "it has parts, as {first}");
        }
        let distance = |name: &&str| strsim::osa_distance(self.0, name);
        match known.into_iter().min_by_key(distance).filter(|name| distance(name) <= SLIP) {
            Some(name) => write!(f, "did you mean {name}?"),
            None => f.write_str("attributes begin with source, destination or connection, as source.workload"),
        }
    }
}
