//! What was found, as a person or a program reads it. Pure.

use super::found::{Found, Part, Probes};
use super::verdict::Finding;
use crate::options::StatusOutput;
use crate::plain::plain;
use anstyle::{AnsiColor, Style};
use longwire_live::Probe;
use longwire_live::probe::PROBES;
use serde_json::{Value, json};
use std::fmt::Write;

const WRONG: Style = AnsiColor::Red.on_default().bold();
const WELL: Style = AnsiColor::Green.on_default().bold();

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPrinted {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

pub(super) fn print(found: &Found, findings: &[Finding], output: StatusOutput) -> Result<String, NotPrinted> {
    Ok(match output {
        StatusOutput::Table => text(found, findings, false)?,
        StatusOutput::Wide => text(found, findings, true)?,
        StatusOutput::Json => serde_json::to_string_pretty(&document(found, findings))? + "\n",
        StatusOutput::Yaml => serde_saphyr::to_string(&document(found, findings))?,
    })
}

/// What may not be read is null.
fn document(found: &Found, findings: &[Finding]) -> Value {
    let probes = if let Probes::Known(probes) = &found.probes { Some(probes) } else { None };
    json!({
        "healthy": findings.is_empty(), "operator": found.operator.known(), "leader": found.leader.known(), "probes": probes,
        "findings": findings,
    })
}

fn text(found: &Found, findings: &[Finding], wide: bool) -> Result<String, NotPrinted> {
    let mut text = format!("Operator: {}\n", operator(found));
    if let Probes::Known(probes) = &found.probes {
        let is_connected = |probe: &&Probe| probe.status.as_ref().is_some_and(|status| status.connected);
        let connected = probes.iter().filter(is_connected).count();
        let _ = writeln!(text, "Probes:   {connected} of {} connected", probes.len());
        if !probes.is_empty() {
            text += "\n";
            text += &table(probes, wide)?;
        }
    }
    text += "\n";
    for Finding { about, problem, remedy } in findings {
        let _ = writeln!(text, "{WRONG}{}{WRONG:#}: {}\n    {}", plain(about), plain(problem), plain(remedy));
    }
    let _ = match findings.len() {
        0 => writeln!(text, "{WELL}All is well.{WELL:#}"),
        1 => writeln!(text, "\n1 problem."),
        more => writeln!(text, "\n{more} problems."),
    };
    Ok(text)
}

fn operator(found: &Found) -> String {
    let replicas = match &found.operator {
        Part::Known(operator) => format!("{} of {} replicas ready", operator.ready, operator.replicas),
        Part::Absent => "no Deployment".to_owned(),
        Part::Hidden => "you may not read its Deployment".to_owned(),
    };
    let holder = found.leader.known().and_then(|leader| leader.holder.as_deref());
    holder.map_or_else(|| replicas.clone(), |holder| format!("{replicas}, the Lease is held by {}", plain(holder)))
}

/// The columns of `kubectl get`, in its style.
fn table(probes: &[Probe], wide: bool) -> Result<String, NotPrinted> {
    let columns: Vec<_> = PROBES.columns.iter().filter(|column| wide || !column.wide).collect();
    let mut rows = vec![columns.iter().map(|column| column.name.to_uppercase()).collect::<Vec<_>>()];
    for probe in probes {
        let object = serde_json::to_value(probe)?;
        let cell = |cell: Value| cell.as_str().map_or_else(|| cell.to_string(), plain);
        rows.push(columns.iter().map(|column| cell((column.cell)(&object))).collect());
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}   ")).collect();
        format!("{}\n", cells.trim_end())
    };
    Ok(rows.iter().map(line).collect())
}
