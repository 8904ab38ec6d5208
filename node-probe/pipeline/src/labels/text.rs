//! Labels as both text formats write them.

/// Appends `{name="value",...`, each name with its value.
pub(super) fn write<'a>(names: &[&str], values: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    let mut before = b'{';
    for (name, value) in names.iter().zip(values) {
        out.push(before);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        escape(value, out);
        out.push(b'"');
        before = b',';
    }
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
