//! One file, many documents: cut before any is parsed, so that a broken one does not affect the others.

#[cfg(test)]
mod tests;

/// A document's text and the line of the file it begins on, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
}

/// Cuts at each line that starts with `---`. That line belongs to the document that it opens: YAML may continue after it.
/// Pieces without content are left out.
pub(super) fn split(file: &str) -> Vec<Piece<'_>> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    let mut pieces = Vec::new();
    let (mut begin, mut begin_line, mut at) = (0, 1, 0);
    for (number, line) in file.split_inclusive('\n').enumerate() {
        if line.starts_with("---") && at > begin {
            pieces.push(Piece { line: begin_line, text: &file[begin..at] });
            (begin, begin_line) = (at, number + 1);
        }
        at += line.len();
    }
    pieces.push(Piece { line: begin_line, text: &file[begin..] });
    pieces.retain(|piece| piece.text.lines().any(has_content));
    pieces
}

/// Says more than a comment, a directive or the marks around a document do.
fn has_content(line: &str) -> bool {
    let line = line.strip_prefix("---").or_else(|| line.strip_prefix("...")).unwrap_or(line).trim();
    !line.is_empty() && !line.starts_with('#') && !line.starts_with('%')
}
