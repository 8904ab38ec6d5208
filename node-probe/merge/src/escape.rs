//! What stands escaped in a body, as Prometheus reads it, and how it is written again.

#[cfg(test)]
mod tests;

use longwire_export::exposition::{Format, escape_label};
use std::borrow::Cow;

/// A backslash before anything that nobody escapes is a backslash.
pub(crate) fn unescape(text: &str, quotes: bool) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        plain.push_str(before);
        let char = match escaped.as_bytes().first() {
            Some(b'n') => Some('\n'),
            Some(b'\\') => Some('\\'),
            Some(b'"') if quotes => Some('"'),
            _ => None,
        };
        plain.push(char.unwrap_or('\\'));
        rest = if char.is_some() { &escaped[1..] } else { escaped };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The value of a label, from what stands between its quotes to what may stand there in both formats.
pub(crate) fn write_value(raw: &str, out: &mut Vec<u8>) {
    if raw.contains(['\\', '\n']) {
        escape_label(&unescape(raw, true), out);
    } else {
        out.extend_from_slice(raw.as_bytes());
    }
}

/// From the text of a format to that of another: quotes are escaped in OpenMetrics alone.
pub(crate) fn write_help(raw: &str, from: Format, to: Format, out: &mut Vec<u8>) {
    let help = unescape(raw, from == Format::OpenMetrics);
    match to {
        Format::OpenMetrics => escape_label(&help, out),
        Format::Text => {
            for (at, part) in help.split('\\').enumerate() {
                out.extend_from_slice(if at == 0 { b"" } else { b"\\\\" });
                for (at, line) in part.split('\n').enumerate() {
                    out.extend_from_slice(if at == 0 { b"" } else { b"\\n" });
                    out.extend_from_slice(line.as_bytes());
                }
            }
        }
    }
}
