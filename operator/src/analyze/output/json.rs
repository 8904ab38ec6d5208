//! For scripts.

use super::PAGE;
use crate::analyze::catalogue::{Check, Severity};
use crate::analyze::finding::{Finding, Report, Subject};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    findings: Vec<Entry<'a>>,
    /// More of them, which are not listed.
    left_out: usize,
    summary: Summary<'a>,
    notes: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    message: &'a str,
    remedy: &'a str,
    documentation: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    files: usize,
    #[serde(skip_serializing_if = "str::is_empty")]
    cluster: &'a str,
    policies: usize,
    pods: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

/// Ends with a line break.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    let Report { findings, left_out, counts: [errors, warnings, infos], policies, pods, files, cluster, notes } =
        report;
    let document = Document {
        findings: findings.iter().map(entry).collect(),
        left_out: *left_out,
        summary: Summary {
            files: *files,
            cluster,
            policies: *policies,
            pods: *pods,
            errors: *errors,
            warnings: *warnings,
            infos: *infos,
        },
        notes,
    };
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

fn entry(finding: &Finding) -> Entry<'_> {
    let check = finding.check();
    let Check { id, name, severity, .. } = check;
    let Finding { subject, field, message, remedy, file, line, code: _ } = finding;
    Entry {
        code: id,
        name,
        severity: *severity,
        object: subject.as_ref().map(|Subject { kind, namespace, name }| Object { kind, namespace, name }),
        field: field.as_deref(),
        message,
        remedy,
        documentation: format!("{PAGE}#{}", check.anchor()),
        file,
        line: Some(*line).filter(|line| *line > 0),
    }
}
