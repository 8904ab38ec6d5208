//! For people: an object and its place, a line for each finding, the remedy below it.

use super::count;
use crate::analyze::catalogue::{Check, Severity};
use crate::analyze::finding::{Finding, Report};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// How parts of the text look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    object: Style,
    error: Style,
    warning: Style,
    info: Style,
}

impl Palette {
    pub const COLORED: Self = Self {
        object: Style::new().bold(),
        error: AnsiColor::Red.on_default().bold(),
        warning: AnsiColor::Yellow.on_default().bold(),
        info: AnsiColor::Cyan.on_default(),
    };

    fn of(self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Info => self.info,
        }
    }
}

/// With the default palette plain text.
#[must_use]
pub fn text(report: &Report, palette: Palette) -> String {
    let mut text = String::new();
    let mut above = None;
    for finding in &report.findings {
        let object = (&finding.file, &finding.subject);
        if above != Some(object) {
            heading(finding, palette, &mut text);
            above = Some(object);
        }
        line(finding, palette, &mut text);
    }
    if report.left_out > 0 {
        let _ = writeln!(text, "and {}\n", count(report.left_out, "more finding", "more findings"));
    }
    if !report.notes.is_empty() && !report.findings.is_empty() {
        text.push('\n');
    }
    for note in &report.notes {
        let _ = writeln!(text, "Note: {note}.");
    }
    let _ = writeln!(text, "{}", summary(report));
    text
}

fn heading(Finding { subject, file, .. }: &Finding, Palette { object, .. }: Palette, text: &mut String) {
    let blank = if text.is_empty() { "" } else { "\n" };
    let _ = match subject {
        Some(subject) if file.is_empty() => writeln!(text, "{blank}{object}{}{object:#}", plain(&subject.to_string())),
        Some(subject) => {
            writeln!(text, "{blank}{object}{}{object:#}  {}", plain(&subject.to_string()), plain(file))
        }
        None => writeln!(text, "{blank}{object}{}{object:#}", plain(file)),
    };
}

fn line(finding: &Finding, palette: Palette, text: &mut String) {
    let Check { id, severity, .. } = finding.check();
    let style = palette.of(*severity);
    let field = finding.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    let message = plain(&format!("{field}{}", finding.message));
    let line = if finding.line == 0 { String::new() } else { format!("line {}: ", finding.line) };
    let _ = writeln!(text, "  {line}{style}{severity} {id}{style:#}: {message}\n      {}", plain(&finding.remedy));
}

/// What a file has must not move the cursor of who reads about it.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn summary(report: &Report) -> String {
    let Report { policies, pods, files, counts, cluster, .. } = report;
    let of = format!(
        "{}, {} and {}",
        if cluster.is_empty() { count(*files, "file", "files") } else { plain(cluster) },
        count(*policies, "object of Longwire", "objects of Longwire"),
        count(*pods, "pod or template", "pods or templates")
    );
    let [errors, warnings, infos] = *counts;
    if errors + warnings + infos == 0 {
        return format!("Nothing found in {of}.");
    }
    let found = [
        (errors, Severity::Error.name(), "errors"),
        (warnings, Severity::Warning.name(), "warnings"),
        (infos, Severity::Info.name(), "infos"),
    ];
    let found = found.into_iter().filter(|(number, ..)| *number > 0);
    let found: Vec<String> = found.map(|(number, one, several)| count(number, one, several)).collect();
    format!("\n{} in {of}. Each code is explained in docs/analysis.md.", found.join(", "))
}
