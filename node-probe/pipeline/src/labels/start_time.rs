//! `start_time` as Kmesh has it: what Go prints for a time in UTC.

use jiff::Timestamp;
use longwire_model::identity::UnixNanos;

#[cfg(test)]
mod tests;

/// `2025-05-08 03:38:34.201259611 +0000 UTC`; without zeros at the end of the fraction, and without an empty fraction.
pub(super) fn written(time: UnixNanos) -> String {
    // 64 bits of nanoseconds end in 2554, jiff's calendar in 9999.
    let time = Timestamp::from_nanosecond(time.into()).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string()
}
