//! Timestamps: whole milliseconds in the text format, seconds in OpenMetrics.

#[cfg(test)]
mod tests;

use crate::scan::number;
use longwire_export::exposition::Format;

/// As Prometheus reads it.
pub(crate) fn millis(time: &str, format: Format) -> i64 {
    match format {
        Format::Text => time.parse().unwrap_or(i64::MAX),
        // A float that is out of range is the integer nearest to it.
        Format::OpenMetrics => (number(time.as_bytes()).unwrap_or_default() * 1000.0) as i64,
    }
}

pub(crate) fn write(time: &str, from: Format, to: Format, out: &mut Vec<u8>) {
    let text = match (from, to) {
        (Format::Text, Format::OpenMetrics) => seconds(millis(time, from)),
        (Format::OpenMetrics, Format::Text) => millis(time, from).to_string(),
        (Format::Text, Format::Text) | (Format::OpenMetrics, Format::OpenMetrics) => time.to_owned(),
    };
    out.extend_from_slice(text.as_bytes());
}

fn seconds(time: i64) -> String {
    let (whole, part) = (time / 1000, time % 1000);
    if part == 0 {
        return whole.to_string();
    }
    let seconds = format!("{whole}.{part:03}");
    // Prometheus cuts off what is not a whole millisecond of a float, which may be a little too low.
    if millis(&seconds, Format::OpenMetrics) == time { seconds } else { format!("{seconds}5") }
}
