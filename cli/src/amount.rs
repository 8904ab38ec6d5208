//! Numbers as people read them.

#[cfg(test)]
mod tests;

/// Three digits or four, in powers of 1,000, such as `1.2 kB`.
pub(crate) fn bytes(number: u64) -> String {
    let (number, unit) = scaled(number);
    format!("{number} {unit}B")
}

/// The number, and `k`, `M` and so on.
fn scaled(number: u64) -> (String, &'static str) {
    const UNITS: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let (mut whole, mut tenths, mut unit) = (number, 0, 0);
    while whole >= 1_000 && unit + 1 < UNITS.len() {
        (tenths, whole, unit) = (whole % 1_000 / 100, whole / 1_000, unit + 1);
    }
    let number = if unit > 0 && whole < 100 { format!("{whole}.{tenths}") } else { whole.to_string() };
    (number, UNITS[unit])
}

/// Two units at most.
pub(crate) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1_000 / 100),
        60..3_600 => format!("{}m{}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// `1 retransmit`, `2 retransmits`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
