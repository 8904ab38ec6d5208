//! One line a figure for the terminal, JSON for programs, Markdown for docs/performance.md.

use super::figures::{FIGURES, Row, Target, row_of};
use super::measured::Measured;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The line of one measurement.
pub(super) fn line(measured: &Measured) -> String {
    let Some(row) = row_of(measured.name) else { return measured.name.to_owned() };
    let mut line = format!("{:<34} {:>12}", row.name, quantity(measured.value, row.unit));
    if let Some(reference) = measured.reference {
        let _ = write!(line, "   reference {} ({})", quantity(reference, row.unit), row.reference);
    }
    if let Some(ratio) = measured.ratio {
        let _ = write!(line, "   ratio {}", number(ratio));
    }
    if let Some(spread) = measured.spread {
        let _ = write!(line, "   spread {}", percent(spread));
    }
    line + &verdict("target", row, measured)
}

/// All of a run, by name.
pub(super) fn json(all: &[Measured], machine: Value) -> Value {
    let mut figures = Map::new();
    for Measured { name, value, reference, ratio, spread, note } in all {
        let unit = row_of(name).map(|row| row.unit);
        let figure = json!({ "value": value, "unit": unit, "reference": reference, "ratio": ratio, "spread": spread, "note": note });
        figures.insert((*name).to_owned(), figure);
    }
    figures.insert("machine".to_owned(), machine);
    Value::Object(figures)
}

/// The whole of docs/performance.md, from the output of `json`.
pub(super) fn markdown(run: &Value) -> String {
    let mut text = String::from(
        "# Performance\n\nWhat Longwire costs, each value beside a reference that was measured in the same run, in turns with \
         it. Ratios carry over to other machines, absolute values do not. `make bench` writes this page.\n\n",
    );
    let _ = writeln!(text, "{}.\n", measured_on(&run["machine"]));
    text += "| figure | value | reference | ratio | spread | target |\n|---|---|---|---|---|---|\n";
    let rows = FIGURES.iter().filter(|row| run[row.name].is_object());
    for row in rows.clone() {
        let field =
            |name: &str, shown: &dyn Fn(f64) -> String| run[row.name][name].as_f64().map_or("-".to_owned(), shown);
        let [value, reference] = ["value", "reference"].map(|name| field(name, &|value| quantity(value, row.unit)));
        let (ratio, spread) = (field("ratio", &number), field("spread", &percent));
        let target = wanted(row.target, row.unit).unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(text, "| `{}` | {value} | {reference} | {ratio} | {spread} | {target} |", row.name);
    }
    text += "\nA spread is the middle half of the rounds' ratios, or values where there is no ratio, as a share of their median.\n\n## How each was measured\n\n";
    for Row { name, reference, how, .. } in rows {
        let reference = if *reference == "-" { String::new() } else { format!(" Reference: {reference}.") };
        let _ = writeln!(text, "- `{name}`: {how}{reference}");
    }
    text
}

/// Of a run's `machine`, for the head of a page.
pub(super) fn measured_on(machine: &Value) -> String {
    let [date, cpu, cores, memory, kernel, commit] =
        ["date", "cpu", "cores", "memory", "kernel", "commit"].map(|field| machine[field].as_str().unwrap_or("-"));
    format!("Measured on {date}: {cpu}, {cores} CPUs, {memory} of memory, kernel {kernel}, commit {commit}")
}

/// Whether a value meets its target, which is called `what`, and a note.
pub(super) fn verdict(what: &str, row: &Row, Measured { value, note, .. }: &Measured) -> String {
    let missed = if row.target.is_met(*value) { "" } else { " MISSED" };
    let wanted = wanted(row.target, row.unit).map_or_else(String::new, |wanted| format!("   {what} {wanted}{missed}"));
    if note.is_empty() { wanted } else { format!("{wanted}   [{note}]") }
}

/// What a target says, with the unit.
pub(super) fn wanted(target: Target, unit: &str) -> Option<String> {
    match target {
        Target::AtLeast(least) => Some(format!(">= {} {unit}", plain(least))),
        Target::AtMost(most) => Some(format!("<= {} {unit}", plain(most))),
        Target::Exactly(value) => Some(plain(value)),
        Target::None => None,
    }
}

fn quantity(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value))
}

/// Digits that the precision justifies.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

fn plain(value: f64) -> String {
    value.to_string()
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests;
