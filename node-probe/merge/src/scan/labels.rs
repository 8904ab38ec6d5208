//! What stands in the braces of a sample.

use super::cursor::Cursor;
use crate::name::{begins_label, continues_label};
use crate::refusal::Wrong;
use longwire_export::exposition::Format;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Label<'a> {
    /// As it is written.
    pub(crate) name: &'a str,
    pub(crate) is_quoted: bool,
    /// As it is written.
    pub(crate) value: &'a str,
}

pub(super) enum Entry<'a> {
    Label {
        name: &'a [u8],
        is_quoted: bool,
        value: &'a [u8],
    },
    /// The metric's own name, in quotes.
    Metric(&'a [u8]),
}

/// One entry a call.
#[derive(Debug)]
pub(super) struct Entries {
    format: Format,
    /// What has been read is what every format writes.
    pub(super) is_plain: bool,
    is_begun: bool,
    has_comma: bool,
}

impl Entries {
    /// The brace is open.
    pub(super) fn new(format: Format) -> Self {
        Self { format, is_plain: true, is_begun: false, has_comma: true }
    }

    /// `None`: the brace is closed.
    pub(super) fn next<'a>(&mut self, cursor: &mut Cursor<'a>) -> Result<Option<Entry<'a>>, Wrong> {
        self.skip_blanks(cursor);
        if cursor.eat(b"}") {
            self.is_plain &= !(self.is_begun && self.has_comma);
            return Ok(None);
        }
        if !self.has_comma {
            self.is_plain = false;
            if self.format == Format::OpenMetrics {
                return Err(Wrong::Comma);
            }
        }
        self.is_begun = true;
        let quoted = cursor.eat_quoted(true);
        let name = quoted.unwrap_or_else(|| cursor.eat_name(begins_label, continues_label));
        self.is_plain &= quoted.is_none();
        if quoted.is_none() && name.is_empty() {
            return Err(Wrong::LabelName);
        }
        self.skip_blanks(cursor);
        if quoted.is_some() && matches!(cursor.peek(), Some(b',' | b'}')) {
            self.has_comma = cursor.eat(b",");
            return Ok(Some(Entry::Metric(name)));
        }
        if !cursor.eat(b"=") {
            return Err(Wrong::Equals);
        }
        self.skip_blanks(cursor);
        let value = cursor.eat_quoted(self.format == Format::Text).ok_or(Wrong::LabelValue)?;
        self.is_plain &= is_plain(value);
        self.skip_blanks(cursor);
        self.has_comma = cursor.eat(b",");
        if name.is_empty() {
            Err(Wrong::LabelName)
        } else {
            Ok(Some(Entry::Label { name, is_quoted: quoted.is_some(), value }))
        }
    }

    fn skip_blanks(&mut self, cursor: &mut Cursor<'_>) {
        if self.format == Format::Text && !cursor.eat_blanks().is_empty() {
            self.is_plain = false;
        }
    }
}

/// Has no newline, and no escapes but those that every format has.
fn is_plain(value: &[u8]) -> bool {
    if value.iter().fold(true, |is_plain, byte| is_plain & (*byte != b'\\') & (*byte != b'\n')) {
        return true;
    }
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\n')) {
        let [b'\\', b'\\' | b'"' | b'n', after @ ..] = &rest[at..] else { return false };
        rest = after;
    }
    true
}

/// The labels of a sample that has been read.
#[derive(Debug)]
pub(crate) struct Labels<'a> {
    cursor: Cursor<'a>,
    entries: Entries,
}

impl<'a> Labels<'a> {
    /// What stands behind the open brace, or nothing.
    pub(crate) fn new(labels: &'a str) -> Self {
        // What OpenMetrics takes, text takes too.
        Self { cursor: Cursor::new(labels.as_bytes()), entries: Entries::new(Format::Text) }
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = Label<'a>;

    fn next(&mut self) -> Option<Label<'a>> {
        loop {
            if let Entry::Label { name, is_quoted, value } = self.entries.next(&mut self.cursor).ok()?? {
                let [name, value] = [name, value].map(|part| str::from_utf8(part).unwrap_or_default());
                return Some(Label { name, is_quoted, value });
            }
        }
    }
}
