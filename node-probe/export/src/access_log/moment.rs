//! Times as text. The date of a second is computed once for all lines of that second.

use crate::number::write_unsigned;
use jiff::Timestamp;
use jiff::tz::Offset;
use longwire_model::identity::UnixNanos;

const SECOND: u64 = 1_000_000_000;
/// Length of a date.
const DATE: usize = 10;

/// A second of UTC, as text.
#[derive(Debug)]
pub(super) struct Second {
    /// Since 1970.
    number: u64,
    /// `2026-12-01T13:40:00`
    text: [u8; 19],
}

/// A time, by its rendered second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    second: &'a Second,
    nanoseconds: u32,
}

impl Second {
    pub(super) fn at(&mut self, time: UnixNanos) -> Moment<'_> {
        let number = time / SECOND;
        if number != self.number {
            *self = Self { number, text: rendered(number) };
        }
        Moment { second: self, nanoseconds: (time % SECOND) as u32 }
    }
}

impl Default for Second {
    fn default() -> Self {
        Self { number: 0, text: rendered(0) }
    }
}

impl Moment<'_> {
    /// RFC 3339 in UTC, with so many digits of the fraction, cut off.
    pub(super) fn write_rfc3339(self, digits: u8, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.second.text);
        self.write_fraction(digits, to);
        to.push(b'Z');
    }

    /// Seconds since 1970, with so many digits of the fraction, cut off.
    pub(super) fn write_unix(self, digits: u8, to: &mut Vec<u8>) {
        write_unsigned(self.second.number, to);
        self.write_fraction(digits, to);
    }

    /// As Go prints a time in UTC: without zeros at the end of the fraction, and without an empty fraction.
    pub(super) fn write_go(self, to: &mut Vec<u8>) {
        let begin = to.len();
        to.extend_from_slice(&self.second.text);
        to[begin + DATE] = b' ';
        if self.nanoseconds != 0 {
            self.write_fraction(9, to);
            let significant = to.iter().rposition(|digit| *digit != b'0').map_or(begin, |last| last + 1);
            to.truncate(significant);
        }
        to.extend_from_slice(b" +0000 UTC");
    }

    fn write_fraction(self, digits: u8, to: &mut Vec<u8>) {
        if digits == 0 {
            return;
        }
        // Ten digits, the first of which holds the place of the zeros after the point.
        let point = to.len();
        write_unsigned(SECOND + u64::from(self.nanoseconds), to);
        to[point] = b'.';
        to.truncate(point + 1 + usize::from(digits.min(9)));
    }
}

fn rendered(second: u64) -> [u8; 19] {
    // 64 bits of nanoseconds end in 2554, jiff's calendar in 9999.
    let time = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
    let time = Offset::UTC.to_datetime(time.unwrap_or(Timestamp::MAX));
    let year = time.year().unsigned_abs();
    let parts = [
        (0, (year / 100) as u8),
        (2, (year % 100) as u8),
        (5, time.month().unsigned_abs()),
        (8, time.day().unsigned_abs()),
        (11, time.hour().unsigned_abs()),
        (14, time.minute().unsigned_abs()),
        (17, time.second().unsigned_abs()),
    ];
    let mut text = *b"0000-00-00T00:00:00";
    for (at, number) in parts {
        text[at] += number / 10;
        text[at + 1] += number % 10;
    }
    text
}
