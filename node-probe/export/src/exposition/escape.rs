//! What the text formats escape.

/// Appends a label value: backslash, double quote and newline escaped, everything else as it is.
pub(super) fn escape(value: &str, out: &mut Vec<u8>) {
    escape_bytes(value, |byte| matches!(byte, b'\\' | b'"' | b'\n'), out);
}

/// Appends a help text, in which only OpenMetrics escapes the double quote.
pub(super) fn escape_help(help: &str, quotes: bool, out: &mut Vec<u8>) {
    escape_bytes(help, |byte| matches!(byte, b'\\' | b'\n') || quotes && byte == b'"', out);
}

/// Appends a text with a backslash before each special byte. The bytes that are escaped are ASCII, which no other character of UTF-8 contains.
fn escape_bytes(text: &str, is_special: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| is_special(*byte)) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
