//! Format strings: their pieces in turn.

use super::{Line, operator};
use longwire_model::access_log::{Piece, Template};

pub(super) fn write(template: &Template, line: &Line<'_>, to: &mut Vec<u8>) {
    for piece in template.pieces() {
        match piece {
            Piece::Text(text) => to.extend_from_slice(text.as_bytes()),
            Piece::Operator(operator, length) => {
                let begin = to.len();
                operator::write(operator, line, to);
                if let Some(length) = length {
                    cut(begin, *length, to);
                }
            }
        }
    }
}

/// Leaves so many characters of what stands from `begin` on.
fn cut(begin: usize, length: u16, to: &mut Vec<u8>) {
    // In UTF-8 all bytes of a character but the first begin with the bits 10.
    let mut characters = (begin..to.len()).filter(|at| to[*at] & 0b1100_0000 != 0b1000_0000);
    if let Some(end) = characters.nth(length.into()) {
        to.truncate(end);
    }
}
