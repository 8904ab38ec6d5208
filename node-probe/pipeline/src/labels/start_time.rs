//! `start_time` as Kmesh has it: what Go prints for a time in UTC.

use longwire_model::identity::UnixNanos;

#[cfg(test)]
mod tests;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;

/// `2025-05-08 03:38:34.201259611 +0000 UTC`; without zeros at the end of the fraction, and without an empty fraction.
pub(super) fn written(time: UnixNanos) -> String {
    let (seconds, nanoseconds) = (time / SECOND, time % SECOND);
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    let fraction = format!(".{nanoseconds:09}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} +0000 UTC")
}

/// Year, month and day so many days after 1970-01-01. Counted in years that begin in March, a leap day comes last and
/// needs no exception.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, again and again: 153 in five.
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let (month, next_year) = if shifted < 10 { (shifted + 3, 0) } else { (shifted - 9, 1) };
    (400 * era + year_of_era + next_year, month, day)
}
