//! The line of a sample.

use super::cursor::Cursor;
use super::labels::{Entries, Entry};
use super::number::number;
use crate::name::{begins_metric, continues_metric};
use crate::page::{Sample, Span};
use crate::refusal::Wrong;
use longwire_export::exposition::Format;

/// `seen`: what the names of labels are gathered in.
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    format: Format,
    most_labels: usize,
    seen: &mut Vec<&'a str>,
) -> Result<Sample<'a>, Wrong> {
    let begin = cursor.at();
    let name = cursor.eat_name(begins_metric, continues_metric);
    let mut reading = Reading {
        begin,
        format,
        name: (!name.is_empty()).then_some((begin, cursor.at())),
        has_quoted_name: false,
        labels: (begin, begin),
        is_plain: true,
    };
    skip_blanks(cursor, format);
    if cursor.eat(b"{") {
        reading.labels(cursor, most_labels, seen)?;
        skip_blanks(cursor, format);
    } else if name.is_empty() {
        return Err(Wrong::Start);
    }
    reading.numbers(cursor)
}

/// A line whose labels are read. Places are those of the body.
struct Reading {
    begin: usize,
    format: Format,
    name: Option<(usize, usize)>,
    has_quoted_name: bool,
    labels: (usize, usize),
    is_plain: bool,
}

impl Reading {
    fn labels<'a>(&mut self, cursor: &mut Cursor<'a>, most: usize, seen: &mut Vec<&'a str>) -> Result<(), Wrong> {
        let from = cursor.at();
        let mut entries = Entries::new(self.format);
        seen.clear();
        loop {
            let begin = cursor.at();
            let Some(entry) = entries.next(cursor)? else { break };
            match entry {
                Entry::Metric(name) if self.name.is_none() && !name.is_empty() => {
                    // Blanks may stand before its quotes.
                    let quote = cursor.since(begin).iter().position(|byte| *byte == b'"').unwrap_or_default();
                    let from = begin + quote + 1;
                    self.name = Some((from, from + name.len()));
                    self.has_quoted_name = true;
                }
                Entry::Metric(name) => return Err(if name.is_empty() { Wrong::Start } else { Wrong::SecondName }),
                Entry::Label { name, .. } => {
                    if seen.len() >= most {
                        return Err(Wrong::Labels(most));
                    }
                    seen.push(str::from_utf8(name).map_err(|_| Wrong::Utf8)?);
                }
            }
        }
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) || seen.binary_search(&"__name__").is_ok() {
            return Err(Wrong::LabelTwice);
        }
        self.labels = (from, cursor.at());
        self.is_plain = entries.is_plain;
        Ok(())
    }

    fn numbers<'a>(self, cursor: &mut Cursor<'a>) -> Result<Sample<'a>, Wrong> {
        let name = self.name.ok_or(Wrong::Start)?;
        let value = self.value(cursor)?;
        let time = self.time(cursor)?;
        let begin = cursor.at();
        let exemplar =
            (self.format == Format::OpenMetrics && cursor.eat(b" # {")).then(|| exemplar(cursor)).transpose()?;
        let exemplar_span = if exemplar.is_some() { (begin + 1, cursor.at()) } else { (begin, begin) };
        let line = cursor.since(self.begin);
        if !cursor.eat(b"\n") {
            match (cursor.peek(), self.format) {
                (None, Format::Text) => {}
                (None, Format::OpenMetrics) => return Err(Wrong::Truncated),
                (Some(_), _) => return Err(Wrong::End),
            }
        }
        Ok(Sample {
            line: str::from_utf8(line).map_err(|_| Wrong::Utf8)?,
            name: self.span(name)?,
            labels: self.span(self.labels)?,
            value: self.span(value)?,
            time: self.span(time)?,
            exemplar: self.span(exemplar_span)?,
            format: self.format,
            has_quoted_name: self.has_quoted_name,
            has_plain_labels: self.is_plain,
            has_quoted_exemplar: exemplar == Some(Exemplar::Quoted),
        })
    }

    fn value(&self, cursor: &mut Cursor<'_>) -> Result<(usize, usize), Wrong> {
        if self.format == Format::OpenMetrics && !cursor.eat(b" ") {
            return Err(Wrong::Value);
        }
        let from = cursor.at();
        number(eat_word(cursor)).ok_or(Wrong::Value)?;
        Ok((from, cursor.at()))
    }

    /// Nothing, if there is none.
    fn time(&self, cursor: &mut Cursor<'_>) -> Result<(usize, usize), Wrong> {
        skip_blanks(cursor, self.format);
        let none = (cursor.at(), cursor.at());
        match self.format {
            Format::Text => {
                let from = cursor.at();
                let word = cursor.eat_while(|byte| !matches!(byte, b' ' | b'\t' | b'\n'));
                let to = cursor.at();
                if word.starts_with(b"#") {
                    return Err(Wrong::End);
                }
                let is_digits = word.iter().all(u8::is_ascii_digit);
                let fits = is_digits && str::from_utf8(word).is_ok_and(|digits| digits.parse::<i64>().is_ok());
                if !fits && !word.is_empty() {
                    return Err(Wrong::Time);
                }
                cursor.eat_blanks();
                Ok((from, to))
            }
            Format::OpenMetrics => {
                let mut ahead = *cursor;
                if ahead.eat(b" # {") || !cursor.eat(b" ") {
                    return Ok(none);
                }
                let from = cursor.at();
                number(eat_word(cursor)).filter(|time| time.is_finite()).ok_or(Wrong::Time)?;
                Ok((from, cursor.at()))
            }
        }
    }

    fn span(&self, (from, to): (usize, usize)) -> Result<Span, Wrong> {
        let [from, to] = [from, to].map(|at| u16::try_from(at - self.begin));
        Ok(Span { from: from.map_err(|_| Wrong::TooLong)?, to: to.map_err(|_| Wrong::TooLong)? })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exemplar {
    Plain,
    /// A label's name stands in quotes.
    Quoted,
}

/// The brace is open.
fn exemplar(cursor: &mut Cursor<'_>) -> Result<Exemplar, Wrong> {
    let mut entries = Entries::new(Format::OpenMetrics);
    let mut kind = Exemplar::Plain;
    while let Some(entry) = entries.next(cursor)? {
        match entry {
            Entry::Label { is_quoted: true, name, .. } if name.contains(&b'\n') => return Err(Wrong::Exemplar),
            Entry::Label { is_quoted: true, .. } => kind = Exemplar::Quoted,
            Entry::Label { is_quoted: false, .. } => {}
            Entry::Metric(_) => return Err(Wrong::Exemplar),
        }
    }
    if !cursor.eat(b" ") || number(eat_word(cursor)).is_none() {
        return Err(Wrong::Exemplar);
    }
    if cursor.eat(b" ") && !number(eat_word(cursor)).is_some_and(f64::is_finite) {
        return Err(Wrong::Exemplar);
    }
    Ok(kind)
}

/// A number, or what stands for one.
fn eat_word<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    cursor.eat_while(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'{'))
}

fn skip_blanks(cursor: &mut Cursor<'_>, format: Format) {
    if format == Format::Text {
        cursor.eat_blanks();
    }
}
