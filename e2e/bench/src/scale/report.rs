//! One line a figure for the terminal, Markdown for docs/scale.md.

use crate::figures::Row;
use crate::measured::Measured;
use crate::report::{measured_on, verdict, wanted};
use serde_json::Value;
use std::fmt::Write;

pub(super) fn line(row: &Row, measured: &Measured) -> String {
    format!("{:<28} {:>12}{}", row.name, quantity(measured.value, row.unit), verdict("bound", row, measured))
}

/// The whole page; `machine` as in the benchmark's JSON.
pub(super) fn page(figures: &[(&Row, Measured)], machine: &Value) -> String {
    let mut text = String::from(
        "# Scale\n\nThe operator with very many pods, Services and probes: a real API server and real controllers, pods on \
         simulated nodes (kwok), two replicas in pods, and streams of the probe's own client, each with TLS and a token. \
         Everything runs on one machine and shares its CPUs with etcd, the API server and all probes. `make scale` writes this page.\n\n",
    );
    let build = if cfg!(debug_assertions) { "test" } else { "release" };
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}, {build} build.\n", measured_on(machine));
    text += "| measurement | value | limit |\n|---|---|---|\n";
    for (Row { name, unit, target, .. }, Measured { value, .. }) in figures {
        let bound = wanted(*target, unit).unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(text, "| `{name}` | {} | {bound} |", quantity(*value, unit));
    }
    text += "\n## How each was measured\n\n";
    for (Row { name, how, .. }, _) in figures {
        let _ = writeln!(text, "- `{name}`: {how}");
    }
    text
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
