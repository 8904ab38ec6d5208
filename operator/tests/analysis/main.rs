//! What analysis finds in files.

mod examples;
mod found;
mod input;
mod live;
mod output;
mod reference;
mod undecided;

use longwire_operator::analyze::{File, Finding, Report, Settings, analyze};

/// 2026-12-02T00:00:00Z.
const NOW: u64 = 1_796_169_600_000_000_000;

fn settings() -> Settings {
    Settings { root_namespace: "longwire-system".to_owned(), namespace: "default".to_owned(), now: NOW }
}

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), text: text.to_owned() }
}

/// Of one file, `wrong.yaml`.
fn report(text: &str) -> Report {
    analyze(&[file("wrong.yaml", text)], &settings())
}

/// As `LW002 4 spec.seriesSets[0]`: code, line, field.
fn short(finding: &Finding) -> String {
    let field = finding.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
    format!("{} {}{field}", finding.check().id, finding.line)
}

/// A TelemetryPolicy whose spec begins on line 4.
fn telemetry(namespace: &str, spec: &str) -> String {
    object("TelemetryPolicy", namespace, "p", spec)
}

fn object(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n{spec}\n"
    )
}
