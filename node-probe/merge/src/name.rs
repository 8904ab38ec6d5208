//! Names of metrics and labels. Those with other characters than the letters, digits and underscores of old stand in quotes, which
//! only Prometheus 3 reads.

#[cfg(test)]
mod tests;

use crate::escape::unescape;
use longwire_export::exposition::Format;
use mediatype::{MediaTypeList, ReadParams};
use std::borrow::Cow;

const ESCAPING: mediatype::Name<'_> = mediatype::Name::new_unchecked("escaping");
const ALLOWED: &str = "allow-utf-8";

/// How names that need quotes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As they are, in quotes.
    Utf8,
    /// `_` for every character that others than Prometheus 3 do not know.
    Underscores,
}

impl Names {
    /// By the scraper's Accept header.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        let mut ranges = MediaTypeList::new(accept.unwrap_or_default()).flatten();
        let allows = ranges.any(|range| range.get_param(ESCAPING).is_some_and(|value| value.unquoted_str() == ALLOWED));
        if allows { Self::Utf8 } else { Self::Underscores }
    }
}

/// Of a merged page. Names in quotes came with a version of its own of the text format.
#[must_use]
pub fn content_type(format: Format, names: Names) -> &'static str {
    match (names, format) {
        (Names::Underscores, format) => format.content_type(),
        (Names::Utf8, Format::Text) => "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
        (Names::Utf8, Format::OpenMetrics) => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
        }
    }
}

/// A metric's name as samples are told apart by it. `raw` is what stands in the quotes, or all of a name without.
pub(crate) fn metric(raw: &str, is_quoted: bool, names: Names) -> Cow<'_, str> {
    if is_quoted { read(raw, names, is_metric) } else { Cow::Borrowed(raw) }
}

/// The same of a label.
pub(crate) fn label(raw: &str, is_quoted: bool, names: Names) -> Cow<'_, str> {
    if is_quoted { read(raw, names, is_label) } else { Cow::Borrowed(raw) }
}

fn read(raw: &str, names: Names, is_valid: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let name = unescape(raw, true);
    if names == Names::Utf8 || is_valid(&name) {
        return name;
    }
    let mut escaped = String::with_capacity(name.len());
    for char in name.chars() {
        let mut utf8 = [0; 4];
        // A digit is valid behind a character.
        let fits = char != '_' && is_valid(char.encode_utf8(&mut utf8)) || char.is_ascii_digit() && !escaped.is_empty();
        escaped.push(if fits { char } else { '_' });
    }
    Cow::Owned(escaped)
}

/// It needs no quotes.
pub(crate) fn is_metric(name: &str) -> bool {
    name.bytes().next().is_some_and(begins_metric) && name.bytes().all(continues_metric)
}

/// It needs no quotes.
pub(crate) fn is_label(name: &str) -> bool {
    name.bytes().next().is_some_and(begins_label) && name.bytes().all(continues_label)
}

pub(crate) fn begins_metric(byte: u8) -> bool {
    begins_label(byte) || byte == b':'
}

pub(crate) fn continues_metric(byte: u8) -> bool {
    begins_metric(byte) || byte.is_ascii_digit()
}

pub(crate) fn begins_label(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

pub(crate) fn continues_label(byte: u8) -> bool {
    begins_label(byte) || byte.is_ascii_digit()
}
