//! What the text formats escape.

use longwire_pipeline::labels::escape_bytes;

/// Appends a help text, in which only OpenMetrics escapes the double quote.
pub(super) fn escape_help(help: &str, quotes: bool, out: &mut Vec<u8>) {
    escape_bytes(help, |byte| matches!(byte, b'\\' | b'\n') || quotes && byte == b'"', out);
}
