//! For code hosts, which show findings beside the lines of a change: SARIF 2.1.0, as far as they read it.

use super::PAGE;
use crate::analyze::catalogue::{CATALOGUE, Check, Severity};
use crate::analyze::finding::{Finding, Report};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const VERSION: &str = "2.1.0";

/// Bytes that a path in a URI must not have.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    results: Vec<Outcome<'a>>,
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: &'static str,
    short_description: Message<'static>,
    help: Message<'static>,
    help_uri: String,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    /// An object of a cluster has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
}

/// Ends with a line break.
pub fn sarif(report: &Report) -> Result<String, serde_json::Error> {
    let driver = Driver {
        name: "kubectl-longwire",
        version: env!("CARGO_PKG_VERSION"),
        information_uri: PAGE,
        rules: CATALOGUE.iter().map(rule).collect(),
    };
    let results = report.findings.iter().map(outcome).collect();
    let run = Run { tool: Tool { driver }, results, column_kind: "utf16CodeUnits" };
    serde_json::to_string_pretty(&Log { schema: SCHEMA, version: VERSION, runs: [run] }).map(|text| text + "\n")
}

fn rule(check: &Check) -> Rule {
    let message = |text: &'static str| Message { text: text.into() };
    Rule {
        id: check.id,
        name: check.name,
        short_description: message(check.means),
        help: message(check.remedy),
        help_uri: format!("{PAGE}#{}", check.anchor()),
        default_configuration: Configuration { level: level(check.severity) },
    }
}

fn outcome(finding: &Finding) -> Outcome<'_> {
    let Check { id, severity, code, .. } = finding.check();
    let Finding { subject, field, message, remedy, file, line, .. } = finding;
    let place = [subject.as_ref().map(ToString::to_string), field.clone()];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let about = if place.is_empty() { String::new() } else { format!("{place}: ") };
    let logical = subject.as_ref().map(|_| Logical { fully_qualified_name: place });
    let physical = (!file.is_empty()).then(|| Physical {
        artifact_location: Artifact { uri: utf8_percent_encode(file, PATH).to_string() },
        region: Region { start_line: *line },
    });
    let location = Location { physical_location: physical, logical_locations: logical.into_iter().collect() };
    let is_placed = location.physical_location.is_some() || !location.logical_locations.is_empty();
    Outcome {
        rule_id: id,
        rule_index: *code as usize,
        level: level(*severity),
        message: Message { text: format!("{about}{message}. {remedy}").into() },
        locations: is_placed.then_some(location).into_iter().collect(),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
