//! Numbers as Go's `strconv.ParseFloat` reads them, without underscores and hexadecimal digits.

/// One that is too large for a float is none, as in Go.
pub(crate) fn number(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let is_named = !digits.iter().any(u8::is_ascii_digit);
    if is_named {
        let is_infinite = [b"inf".as_slice(), b"infinity"].iter().any(|word| digits.eq_ignore_ascii_case(word));
        if !is_infinite && !text.eq_ignore_ascii_case(b"nan") {
            return None;
        }
    }
    let number: f64 = str::from_utf8(text).ok()?.parse().ok()?;
    (is_named || number.is_finite()).then_some(number)
}
