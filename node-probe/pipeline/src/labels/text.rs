//! Labels as pairs, and as both text formats write them.

use super::Differences;

/// Passes on each name with its value: in the order of the table, what is replaced in its place, what is added by name after it.
pub(super) fn pairs<'a>(
    names: &[&str],
    values: impl Iterator<Item = &'a str>,
    differences: &Differences,
    to: &mut dyn FnMut(&str, &str),
) {
    for (name, value) in names.iter().zip(values) {
        if let Some(value) = differences.of(name).unwrap_or(Some(value)) {
            to(name, value);
        }
    }
    for (name, value) in differences.values().filter(|(name, _)| !names.contains(&name.as_str())) {
        to(name.as_str(), value);
    }
}

/// Appends `{name="value",...` of these pairs.
pub(super) fn write(out: &mut Vec<u8>, pairs: impl FnOnce(&mut dyn FnMut(&str, &str))) {
    let start = out.len();
    pairs(&mut |name, value| write_label(start, name, value, out));
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
pub fn escape(value: &str, out: &mut Vec<u8>) {
    escape_bytes(value, |byte| matches!(byte, b'\\' | b'"' | b'\n'), out);
}

/// Appends a text with a backslash before each special byte. The bytes that are escaped are ASCII, which no other character of UTF-8 contains.
pub fn escape_bytes(text: &str, is_special: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| is_special(*byte)) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
