//! Estimates as a person or a program reads them. Pure.

use crate::amount::counted;
use crate::options::EstimateOutput;
use crate::plain::plain;
use anstyle::{AnsiColor, Style};
use longwire_live::SeriesEstimate;
use longwire_live::series_estimate::{Change, Label, LabelValue, NamedCounts, Overflow, SeriesCounts};
use serde_json::{Value, json};
use std::fmt::Write;

#[cfg(test)]
mod tests;

const WRONG: Style = AnsiColor::Red.on_default().bold();

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPrinted {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

pub(super) fn print(estimates: &[SeriesEstimate], output: EstimateOutput) -> Result<String, NotPrinted> {
    // One is itself, several are a list, as kubectl does it.
    let document = || match estimates {
        [one] => serde_json::to_value(one),
        all => Ok(json!({"apiVersion": "v1", "kind": "List", "items": all})),
    };
    Ok(match output {
        EstimateOutput::Table => estimates.iter().map(text).collect::<Vec<_>>().join("\n"),
        EstimateOutput::Json => serde_json::to_string_pretty(&document()?)? + "\n",
        EstimateOutput::Yaml => serde_saphyr::to_string(&document()?)?,
    })
}

/// `kind namespace/name`, as far as it says so.
pub(super) fn name_of(object: &Value) -> String {
    let text = |value: &Value| value.as_str().map(plain);
    let kind = text(&object["kind"]).unwrap_or_else(|| "object".to_owned());
    let name = text(&object["metadata"]["name"]).unwrap_or_else(|| "without a name".to_owned());
    match text(&object["metadata"]["namespace"]) {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

fn text(estimate: &SeriesEstimate) -> String {
    let status = estimate.status.clone().unwrap_or_default();
    let (connections, relabelled) = (counted(status.connections, "live connection"), status.relabelled);
    let mut text = format!("{}: {relabelled} of {connections} would change\n", name_of(&estimate.spec.object));
    for warning in &status.warnings {
        let _ = writeln!(text, "Warning: {}", plain(warning));
    }
    for Change { what, pods } in &status.changes {
        let _ = writeln!(text, "  {} ({})", plain(what), counted(*pods, "pod"));
    }
    let head = |name: &str| [name, "BEFORE", "AFTER", "STOPPED", "LATER"].map(str::to_owned).to_vec();
    let all = NamedCounts { name: "all".to_owned(), series: status.series };
    let metrics = [head("SERIES")].into_iter().chain(status.metrics.iter().chain([&all]).map(counts));
    let _ = write!(text, "\n{}", table(metrics.collect()));
    if !status.namespaces.is_empty() {
        let rows = [head("NAMESPACE")].into_iter().chain(status.namespaces.iter().map(counts));
        let _ = write!(text, "\n{}", table(rows.collect()));
    }
    if !status.labels.is_empty() {
        let head = ["LABEL", "CONNECTIONS", "VALUES", "UNKNOWN", "OVERFLOW", "TOP"].map(str::to_owned).to_vec();
        let rows = [head].into_iter().chain(status.labels.iter().map(label));
        let _ = write!(text, "\n{}", table(rows.collect()));
    }
    if !status.overflows.is_empty() {
        text += "\n";
    }
    for overflow in &status.overflows {
        let _ = writeln!(text, "{WRONG}no room{WRONG:#}: {}", no_room(overflow));
    }
    text
}

fn counts(NamedCounts { name, series }: &NamedCounts) -> Vec<String> {
    let SeriesCounts { before, after, stopped, later } = series;
    let mut row = vec![plain(name)];
    row.extend([before, after, stopped, later].map(ToString::to_string));
    row
}

fn label(Label { name, connections, unknown, overflow, values, top }: &Label) -> Vec<String> {
    let share = |part: u64| format!("{}%", part.saturating_mul(100).checked_div(*connections).unwrap_or_default());
    let value = |LabelValue { value, connections }: &LabelValue| format!("{} ({connections})", plain(value));
    let top: Vec<String> = top.iter().map(value).collect();
    vec![plain(name), connections.to_string(), values.to_string(), share(*unknown), share(*overflow), top.join(", ")]
}

fn no_room(Overflow { node, namespace, peer, resource, limit, refused }: &Overflow) -> String {
    let whose = match (namespace, peer) {
        (Some(namespace), Some(peer)) => format!("namespace {namespace} with {peer} on node {node}"),
        (Some(namespace), None) => format!("namespace {namespace} on node {node}"),
        (None, _) => format!("node {node}"),
    };
    let what = match resource.as_str() {
        "series" => "series",
        "longConnections" => "long connections",
        _ => "bytes of labels",
    };
    format!("{} may have {limit} {what}, and {refused} times there would be no room for a connection", plain(&whose))
}

/// Numbers stand on the right, names on the left.
fn table(rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let is_text = at == 0 || columns > 5 && at + 1 == columns;
            let _ = if is_text { write!(line, "{cell:width$}   ") } else { write!(line, "{cell:>width$}   ") };
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}
