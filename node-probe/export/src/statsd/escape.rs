//! Label values, so that no two become one and none speaks to a receiver.
//!
//! Each flavor keeps what no receiver of it cuts at, replaces or drops. All other bytes become `_x` and two hexadecimal digits. A `_` that
//! is followed by `x` would look the same, and is written so itself: so `_x` always begins an escape, and each value can be read back.

use longwire_model::exporter::Flavor;

const HEX: &[u8; 16] = b"0123456789abcdef";

pub(super) fn escape(value: &str, flavor: Flavor, out: &mut Vec<u8>) {
    let mut bytes = value.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match kept(byte, flavor) {
            Some(b'_') if bytes.peek() == Some(&b'x') => write_code(byte, out),
            Some(kept) => out.push(kept),
            None => write_code(byte, out),
        }
    }
}

/// What stands for a byte, if a byte does.
fn kept(byte: u8, flavor: Flavor) -> Option<u8> {
    match (byte, flavor) {
        (b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-', _) => Some(byte),
        // Dots part the levels of a name, and hosts and addresses are full of them.
        (b'.', Flavor::Statsd) => Some(b'_'),
        (b'_' | b'.', Flavor::Dogstatsd | Flavor::Graphite) => Some(byte),
        // Datadog keeps these in tags; receivers part a tag at its first colon.
        (b'/' | b':', Flavor::Dogstatsd) => Some(byte),
        _ => None,
    }
}

fn write_code(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'_', b'x', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
}
