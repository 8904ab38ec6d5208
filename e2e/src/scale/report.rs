//! One line a figure for the terminal, Markdown for docs/scale.md.

use super::figure::{Bound, Figure};
use serde_json::Value;
use std::fmt::Write;

#[must_use]
pub(super) fn line(figure: &Figure) -> String {
    let Figure { name, unit, value, note, .. } = figure;
    let mut line = format!("{name:<28} {:>12}", quantity(*value, unit));
    if let Some(bound) = bound(figure) {
        let missed = if figure.is_within() { "" } else { " MISSED" };
        // Writing to a string does not fail.
        let _ = write!(line, "   bound {bound}{missed}");
    }
    if !note.is_empty() {
        let _ = write!(line, "   [{note}]");
    }
    line
}

/// The whole page; `machine` as in the benchmark's JSON.
#[must_use]
pub(super) fn page(figures: &[Figure], machine: &Value) -> String {
    let machine = |field: &str| machine[field].as_str().unwrap_or("-").to_owned();
    let mut text = String::from(
        "# Scale\n\nThe operator with very many pods, Services and probes: a real API server and real controllers, pods on \
         simulated nodes (kwok), two replicas in pods, and streams of the probe's own client, each with TLS and a token. \
         Everything runs on one machine and shares its CPUs with etcd, the API server and all probes. `make scale` writes this page.\n\n",
    );
    let _ = writeln!(
        text,
        "Measured on {}: {}, {} CPUs, {} of memory, kernel {}, commit {}, {} build.\n",
        machine("date"),
        machine("cpu"),
        machine("cores"),
        machine("memory"),
        machine("kernel"),
        machine("commit"),
        if cfg!(debug_assertions) { "test" } else { "release" },
    );
    text += "| measurement | value | limit |\n|---|---|---|\n";
    for figure in figures {
        let Figure { name, unit, value, .. } = figure;
        let bound = bound(figure).unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(text, "| `{name}` | {} | {bound} |", quantity(*value, unit));
    }
    text += "\n## How each was measured\n\n";
    for Figure { name, how, .. } in figures {
        let _ = writeln!(text, "- `{name}`: {how}");
    }
    text
}

fn bound(figure: &Figure) -> Option<String> {
    match figure.bound {
        Bound::AtMost(most) => Some(format!("<= {most} {}", figure.unit)),
        Bound::Exactly(value) => Some(format!("{value}")),
        Bound::None => None,
    }
}

/// Digits that the precision justifies, with the unit; counts as integers without one.
fn quantity(value: f64, unit: &str) -> String {
    let number = match value.abs() {
        whole if whole.fract() == 0.0 => format!("{value:.0}"),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    format!("{number} {unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests;
