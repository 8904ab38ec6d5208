//! What each format escapes, so that no value ends its line, or its quotes, or speaks to a terminal.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the inside of a JSON string.
pub(super) fn write_json(text: &str, to: &mut Vec<u8>) {
    write_escaped(text, to, |character, to| match character {
        '"' | '\\' => to.extend_from_slice(&[b'\\', character as u8]),
        '\n' => to.extend_from_slice(b"\\n"),
        control => write_code(b"\\u00", control, to),
    });
}

/// Appends a value of a text format. Its quotes stay as they are, because it may stand between others.
pub(crate) fn write_text(text: &str, to: &mut Vec<u8>) {
    write_escaped(text, to, |character, to| match character {
        '"' | '\\' => to.push(character as u8),
        control => write_code(b"\\x", control, to),
    });
}

/// Appends a value in quotes.
pub(super) fn write_quoted(text: &str, to: &mut Vec<u8>) {
    to.push(b'"');
    write_escaped(text, to, |character, to| match character {
        '"' | '\\' => to.extend_from_slice(&[b'\\', character as u8]),
        control => write_code(b"\\x", control, to),
    });
    to.push(b'"');
}

/// 32 lower hexadecimal digits.
pub(super) fn write_hex(bytes: [u8; 16], to: &mut Vec<u8>) {
    for byte in bytes {
        write_digits(byte, to);
    }
}

/// Passes quotes, backslashes and control characters to `escape`.
fn write_escaped(text: &str, to: &mut Vec<u8>, escape: impl Fn(char, &mut Vec<u8>)) {
    // As good as all names. No early end, so that many bytes are looked at in one step.
    if text.bytes().fold(true, |is_plain, byte| is_plain & is_plain_byte(byte)) {
        to.extend_from_slice(text.as_bytes());
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        let (plain, special) = rest.split_at(at);
        to.extend_from_slice(plain.as_bytes());
        let mut after = special.chars();
        if let Some(character) = after.next() {
            escape(character, to);
        }
        rest = after.as_str();
    }
    to.extend_from_slice(rest.as_bytes());
}

fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

/// Control characters are those below U+0020 and from U+007F to U+009F, so two digits are enough for them.
fn is_special(character: char) -> bool {
    matches!(character, '"' | '\\') || character.is_control()
}

fn write_code(prefix: &[u8], control: char, to: &mut Vec<u8>) {
    to.extend_from_slice(prefix);
    write_digits(control as u8, to);
}

fn write_digits(byte: u8, to: &mut Vec<u8>) {
    to.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
}
