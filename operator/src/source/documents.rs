//! The documents of a text as values, for analysis, which needs more of an object than what is kept of it.

use super::parse::{self, Format, InvalidDocument};
use super::split::{Piece, split};
use super::yaml;
use place::Node;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};

mod place;
#[cfg(test)]
mod tests;

/// A document as it stands in its text.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    /// Of the text, counted from 1, on which the document begins.
    pub(crate) line: usize,
    text: &'a str,
    pub(crate) value: Result<Value, Unreadable>,
}

/// Why a document cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Of the text, counted from 1.
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Documents in YAML, or JSON values one after another, as kubectl takes both. Ones that are empty are left out.
pub(crate) fn documents(text: &str) -> Vec<Document<'_>> {
    if is_json(text) {
        return json(text);
    }
    let document = |piece: Piece<'_>| parse::value(Format::Yaml, piece);
    let pieces = split(text).into_iter().map(|piece| Document::new(piece.line, piece.text, document(piece)));
    pieces.filter(|document| !matches!(&document.value, Ok(Value::Null))).collect()
}

/// YAML in braces may begin like JSON, and JSON's escapes are more than YAML's.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && Deserializer::from_str(text).into_iter::<IgnoredAny>().next().is_some_and(|first| first.is_ok())
}

fn json(text: &str) -> Vec<Document<'_>> {
    let mut values = Deserializer::from_str(text).into_iter::<Value>();
    let (mut found, mut begin) = (Vec::new(), 0);
    while let Some(value) = values.next() {
        let blank = text[begin..].len() - text[begin..].trim_start().len();
        let begins = begin + blank;
        let line = 1 + text[..begins].matches('\n').count();
        let end = values.byte_offset().max(begins);
        let value = value.map_err(|error| InvalidDocument { line: error.line(), message: error.to_string() });
        let is_last = value.is_err();
        found.push(Document::new(line, &text[begins..end], value));
        if is_last {
            break;
        }
        begin = end;
    }
    found
}

impl<'a> Document<'a> {
    fn new(line: usize, text: &'a str, value: Result<Value, InvalidDocument>) -> Self {
        let value = value.map_err(|InvalidDocument { line, message }| Unreadable { line, message });
        Self { line, text, value }
    }

    /// On which line a field stands.
    pub(crate) fn places(&self) -> Places {
        // Only JSON can be wrong here, with escapes that YAML does not have: then a field is where its document begins.
        Places { line: self.line, node: yaml::read(self.text).ok() }
    }
}

/// Lines of the fields of one document.
#[derive(Debug)]
pub(crate) struct Places {
    line: usize,
    node: Option<Node>,
}

impl Places {
    /// Of a field such as `spec.tags[0].value`, counted from 1 in the text; of the nearest one around it, if it is not there.
    pub(crate) fn line(&self, field: &str) -> usize {
        let own = self.node.as_ref().and_then(|node| node.line(field)).unwrap_or(1);
        self.line + own - 1
    }
}
