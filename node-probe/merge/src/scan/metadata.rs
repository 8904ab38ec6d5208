//! Lines that begin with `#`, empty ones, and the end.

use super::cursor::Cursor;
use crate::family::Fact;
use crate::kind::Kind;
use crate::name::{begins_metric, continues_metric};
use crate::refusal::Wrong;
use longwire_export::exposition::Format;

pub(super) enum Metadata<'a> {
    /// The line is a sample, and not read yet.
    None,
    /// The line says nothing.
    Empty,
    End,
    Of {
        name: &'a str,
        is_quoted: bool,
        fact: Fact<'a>,
    },
}

#[derive(Clone, Copy)]
enum Keyword {
    Help,
    Type,
    Unit,
}

pub(super) fn read<'a>(cursor: &mut Cursor<'a>, format: Format) -> Result<Metadata<'a>, Wrong> {
    let keyword = match format {
        Format::Text => {
            cursor.eat_blanks();
            let Some(first) = cursor.peek() else { return Ok(Metadata::End) };
            if cursor.eat(b"\n") {
                return Ok(Metadata::Empty);
            }
            if first != b'#' {
                return Ok(Metadata::None);
            }
            match text_keyword(cursor) {
                Some(keyword) => keyword,
                None => {
                    cursor.eat_line();
                    return Ok(Metadata::Empty);
                }
            }
        }
        Format::OpenMetrics => match cursor.peek() {
            None => return Err(Wrong::Truncated),
            Some(b'#') => match open_metrics_keyword(cursor)? {
                Some(keyword) => keyword,
                None => return Ok(Metadata::End),
            },
            Some(_) => return Ok(Metadata::None),
        },
    };
    subject(cursor, keyword, format)
}

/// `None`: any comment. The cursor may stand somewhere in it.
fn text_keyword(cursor: &mut Cursor<'_>) -> Option<Keyword> {
    cursor.eat(b"#");
    if cursor.eat_blanks().is_empty() {
        return None;
    }
    let keyword = if cursor.eat(b"HELP") {
        Keyword::Help
    } else if cursor.eat(b"TYPE") {
        Keyword::Type
    } else {
        return None;
    };
    (!cursor.eat_blanks().is_empty()).then_some(keyword)
}

/// `None`: the end.
fn open_metrics_keyword(cursor: &mut Cursor<'_>) -> Result<Option<Keyword>, Wrong> {
    if cursor.eat(b"# HELP ") {
        Ok(Some(Keyword::Help))
    } else if cursor.eat(b"# TYPE ") {
        Ok(Some(Keyword::Type))
    } else if cursor.eat(b"# UNIT ") {
        Ok(Some(Keyword::Unit))
    } else if cursor.eat(b"# EOF") {
        cursor.eat(b"\n");
        if cursor.peek().is_none() { Ok(None) } else { Err(Wrong::BehindEof) }
    } else {
        Err(Wrong::Comment)
    }
}

fn subject<'a>(cursor: &mut Cursor<'a>, keyword: Keyword, format: Format) -> Result<Metadata<'a>, Wrong> {
    let begin = cursor.at();
    let quoted = cursor.eat_quoted(true);
    let name = quoted.unwrap_or_else(|| cursor.eat_name(begins_metric, continues_metric));
    if name.is_empty() {
        return Err(Wrong::Subject);
    }
    let name = str::from_utf8(name).map_err(|_| Wrong::Utf8)?;
    let text = match format {
        // Whatever stands behind the name: Prometheus leaves out one byte.
        Format::Text => cursor.eat_line().get(1..).unwrap_or_default(),
        Format::OpenMetrics if cursor.eat(b" ") => cursor.eat_line(),
        Format::OpenMetrics => return Err(Wrong::Text),
    };
    if usize::from(u16::MAX) < cursor.at() - begin {
        return Err(Wrong::TooLong);
    }
    if !cursor.eat(b"\n") && format == Format::OpenMetrics {
        return Err(Wrong::Truncated);
    }
    let fact = match keyword {
        Keyword::Type => Fact::Kind(Kind::read(text, format).ok_or(Wrong::Kind)?),
        Keyword::Help => Fact::Help(str::from_utf8(text).map_err(|_| Wrong::Utf8)?),
        Keyword::Unit => Fact::Unit(unit(name, text)?),
    };
    Ok(Metadata::Of { name, is_quoted: quoted.is_some(), fact })
}

fn unit<'a>(name: &str, text: &'a [u8]) -> Result<&'a str, Wrong> {
    let unit = str::from_utf8(text).map_err(|_| Wrong::Utf8)?;
    let is_suffix = unit.is_empty() || name.strip_suffix(unit).is_some_and(|before| before.ends_with('_'));
    if is_suffix { Ok(unit) } else { Err(Wrong::Unit) }
}
