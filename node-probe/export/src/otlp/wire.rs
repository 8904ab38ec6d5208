//! The wire format of protobuf, as far as requests need it. Fields are written in the order of their numbers, as by prost, and those
//! at their default are left out by who calls.

#[cfg(test)]
mod tests;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;

/// Bytes of a key: all fields that are written here have numbers below 16.
const KEY: usize = 1;

// Fields of `KeyValue` and `AnyValue`.
const KEY_OF_PAIR: u32 = 1;
const VALUE_OF_PAIR: u32 = 2;
const TEXT_OF_VALUE: u32 = 1;
const INTEGER_OF_VALUE: u32 = 3;

pub(super) fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Bytes of it as a varint: one for each seven bits.
pub(super) const fn varint_len(number: u64) -> usize {
    (70 - (number | 1).leading_zeros() as usize) / 7
}

pub(super) fn write_unsigned(field: u32, number: u64, out: &mut Vec<u8>) {
    write_key(field, VARINT, out);
    write_varint(number, out);
}

pub(super) fn write_fixed(field: u32, bits: u64, out: &mut Vec<u8>) {
    write_key(field, FIXED64, out);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Numbers of 64 bits each. None of them: nothing.
pub(super) fn write_packed(field: u32, numbers: impl ExactSizeIterator<Item = u64>, out: &mut Vec<u8>) {
    if numbers.len() != 0 {
        write_length(field, 8 * numbers.len(), out);
        numbers.for_each(|bits| out.extend_from_slice(&bits.to_le_bytes()));
    }
}

/// An empty text is the default.
pub(super) fn write_text(field: u32, text: &str, out: &mut Vec<u8>) {
    if !text.is_empty() {
        write_bytes(field, text.as_bytes(), out);
    }
}

/// A message, or a text that is there even if it is empty.
pub(super) fn write_bytes(field: u32, bytes: &[u8], out: &mut Vec<u8>) {
    write_length(field, bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// The beginning of a field that has so many bytes.
pub(super) fn write_length(field: u32, length: usize, out: &mut Vec<u8>) {
    write_key(field, LENGTH_DELIMITED, out);
    write_varint(length as u64, out);
}

/// Bytes of a field with so many bytes in it.
pub(super) const fn framed_len(length: usize) -> usize {
    KEY + varint_len(length as u64) + length
}

/// A `KeyValue` whose value is a text.
pub(super) fn write_text_attribute(field: u32, name: &str, text: &[u8], out: &mut Vec<u8>) {
    write_pair(field, name, framed_len(text.len()), out);
    write_bytes(TEXT_OF_VALUE, text, out);
}

/// A `KeyValue` whose value is an integer. No number that is exported comes near the limit.
pub(super) fn write_integer_attribute(field: u32, name: &str, number: u64, out: &mut Vec<u8>) {
    let number = number.min(i64::MAX as u64);
    write_pair(field, name, KEY + varint_len(number), out);
    write_unsigned(INTEGER_OF_VALUE, number, out);
}

/// Up to its value, which takes so many bytes.
fn write_pair(field: u32, name: &str, value: usize, out: &mut Vec<u8>) {
    write_length(field, framed_len(name.len()) + framed_len(value), out);
    write_bytes(KEY_OF_PAIR, name.as_bytes(), out);
    write_length(VALUE_OF_PAIR, value, out);
}

fn write_key(field: u32, kind: u32, out: &mut Vec<u8>) {
    debug_assert!(field < 16, "a key of more than one byte");
    out.push((field << 3 | kind) as u8);
}
