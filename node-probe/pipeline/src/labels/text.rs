//! Labels as both text formats write them.

use super::Differences;

/// Appends `{name="value",...`, each name with its value: in the order of the table, what is replaced in its place, what is
/// added by name after it.
pub(super) fn write<'a>(
    names: &[&str],
    values: impl Iterator<Item = &'a str>,
    differences: &Differences,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    for (name, value) in names.iter().zip(values) {
        if let Some(value) = differences.of(name).unwrap_or(Some(value)) {
            write_label(start, name, value, out);
        }
    }
    for (name, value) in differences.values().filter(|(name, _)| !names.contains(&name.as_str())) {
        write_label(start, name.as_str(), value, out);
    }
    // Every label left out.
    if out.len() == start {
        out.push(b'{');
    }
}

fn write_label(start: usize, name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(if out.len() == start { b'{' } else { b',' });
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    escape(value, out);
    out.push(b'"');
}

/// Appends a label value: backslash, double quote and newline escaped, everything else as it is.
pub(crate) fn escape(value: &str, out: &mut Vec<u8>) {
    escape_bytes(value, |byte| matches!(byte, b'\\' | b'"' | b'\n'), out);
}

/// Appends a help text, in which only OpenMetrics escapes the double quote.
pub(crate) fn escape_help(help: &str, quotes: bool, out: &mut Vec<u8>) {
    escape_bytes(help, |byte| matches!(byte, b'\\' | b'\n') || quotes && byte == b'"', out);
}

/// The bytes that are escaped are ASCII, which no other character of UTF-8 contains.
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
