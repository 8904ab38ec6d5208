//! UIDs of objects: the same at every replica, so they are made from what names the object.

use xxhash_rust::xxh3::xxh3_128;

/// Of an object that this text names.
pub(super) fn of_text(text: &str) -> String {
    of_bits(xxh3_128(text.as_bytes()))
}

/// A UUID of version 8, which is free to be anything.
pub(super) fn of_bits(bits: u128) -> String {
    let bits = (bits & !((0xf << 76) | (0x3 << 62))) | (0x8 << 76) | (0x2 << 62);
    let text = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}
