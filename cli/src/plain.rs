//! Text of a cluster on a terminal.

/// What a cluster has must not move the cursor of who reads about it.
pub(crate) fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
