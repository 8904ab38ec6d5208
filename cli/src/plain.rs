//! Text of a cluster on a terminal.

use std::io::{self, Write};

/// What a cluster has must not move the cursor of who reads about it.
pub(crate) fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// The same, of text with lines of its own.
pub(crate) fn plain_lines(text: &str) -> String {
    text.replace(|letter: char| letter.is_control() && letter != '\n', "\u{fffd}")
}

/// Says something beside what was asked for.
pub(crate) fn warn(text: &str) {
    // Without anybody who reads it there is nothing to say.
    let _ = writeln!(io::stderr(), "Warning: {}", plain(text));
}
