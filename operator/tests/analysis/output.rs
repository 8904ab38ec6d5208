//! A report as text, JSON and SARIF.

use crate::{file, report, settings, telemetry};
use longwire_operator::analyze::catalogue::{CATALOGUE, Severity};
use longwire_operator::analyze::output::{Palette, exit_code, json, sarif, text};
use longwire_operator::analyze::{Report, analyze};
use serde_json::{Value, json as value};
use std::collections::BTreeSet;

/// An error, a warning and an info, in two objects of two files, one with a name that a URI cannot have.
fn mixed() -> Report {
    let policy = telemetry(
        "shop",
        "  seriesSets: [istio]\n  overides: []\n  overrides:\n  - tagOverrides: {pod: {value: source.pod}}",
    );
    let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, annotations: {telemetry.longwire.io/acess-log: 'true'}}\n";
    analyze(&[file("a b/p#1.yaml", &policy), file("pods.yaml", pods)], &settings())
}

#[test]
fn text_has_a_line_for_each_finding_under_its_object() {
    let expected = "\
TelemetryPolicy shop/p  a b/p#1.yaml
  line 6: error LW015: spec.overides: overides is no field of spec, which has accessLogs, budgets, exporters, limits, locality, longConnections, metrics, overrides, reportingInterval, selector, seriesSets
      Did you mean overrides?
  line 8: warning LW013: spec.overrides[0].tagOverrides.pod.value: has another value for each source.pod, and nothing bounds their number
      Use a class instead, such as the workload or the zone. If each value is needed, define the tag in ExtraStatTags with a `maxValues` that you have room for.

Pod shop/web  pods.yaml
  line 3: warning LW016: metadata.annotations.telemetry.longwire.io/acess-log: is not known, and has no effect: known are telemetry.longwire.io/series-sets, telemetry.longwire.io/access-log, sidecar.istio.io/extraStatTags, sidecar.istio.io/statsInclusionPrefixes, sidecar.istio.io/statsInclusionSuffixes, sidecar.istio.io/statsInclusionRegexps
      Did you mean telemetry.longwire.io/access-log?

1 error, 2 warnings in 2 files, 1 object of Longwire and 1 pod or template. Each code is explained in docs/analysis.md.
";
    assert_eq!(text(&mixed(), Palette::default()), expected);
    let colored = text(&mixed(), Palette::COLORED);
    assert!(colored.contains("\u{1b}[1m\u{1b}[31merror LW015\u{1b}[0m: spec.overides"), "{colored}");
    assert_eq!(colored.matches("\u{1b}[0m").count(), 2 + 3, "objects and severities");
    assert_eq!(
        text(&report(""), Palette::default()),
        "Nothing found in 1 file, 0 objects of Longwire and 0 pods or templates.\n"
    );
}

#[test]
fn text_has_no_control_characters_of_a_file() {
    let policy =
        telemetry("shop", "  \"a\\e[31m\\n\": 1\n  seriesSets: [\"\\e[2J\"]").replace("name: p", "name: \"p\\e\"");
    let text = text(&report(&policy), Palette::default());
    assert!(text.contains("p\u{fffd}") && text.contains("\u{fffd}[31m\u{fffd}"), "{text}");
    assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{text:?}");
}

#[test]
fn json_has_every_part_of_a_finding() {
    let document: Value = serde_json::from_str(&json(&mixed()).unwrap()).unwrap();
    assert_eq!(
        document["findings"][0],
        value!({
            "code": "LW015",
            "name": "unknown-field",
            "severity": "error",
            "object": {"kind": "TelemetryPolicy", "namespace": "shop", "name": "p"},
            "field": "spec.overides",
            "message": "overides is no field of spec, which has accessLogs, budgets, exporters, limits, locality, longConnections, metrics, overrides, reportingInterval, selector, seriesSets",
            "remedy": "Did you mean overrides?",
            "documentation": "https://github.com/longwire/longwire/blob/main/docs/analysis.md#lw015-unknown-field",
            "file": "a b/p#1.yaml",
            "line": 6,
        })
    );
    let summary = value!({"files": 2, "policies": 1, "pods": 1, "errors": 1, "warnings": 2, "infos": 0});
    assert_eq!((&document["summary"], &document["leftOut"], &document["notes"]), (&summary, &value!(0), &value!([])));
}

/// What the schema of SARIF 2.1.0 demands of the parts that are used here, and what code hosts demand beside it.
#[test]
fn sarif_follows_its_schema() {
    let document: Value = serde_json::from_str(&sarif(&mixed()).unwrap()).unwrap();
    has_only(&document, &["$schema", "version", "runs"]);
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(document["$schema"], "https://json.schemastore.org/sarif-2.1.0.json");
    let [run] = &document["runs"].as_array().unwrap()[..] else { panic!("one run") };
    has_only(run, &["tool", "results", "columnKind"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    has_only(&run["tool"], &["driver"]);
    let driver = &run["tool"]["driver"];
    has_only(driver, &["name", "version", "informationUri", "rules"]);
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), rules.len()), (CATALOGUE.len(), CATALOGUE.len()), "ids are unique");
    for rule in rules {
        has_only(rule, &["id", "name", "shortDescription", "help", "helpUri", "defaultConfiguration"]);
        has_only(&rule["shortDescription"], &["text"]);
        has_only(&rule["help"], &["text"]);
        has_only(&rule["defaultConfiguration"], &["level"]);
        is_level(&rule["defaultConfiguration"]["level"]);
        assert!(rule["helpUri"].as_str().unwrap().starts_with("https://"));
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        has_only(result, &["ruleId", "ruleIndex", "level", "message", "locations"]);
        is_level(&result["level"]);
        has_only(&result["message"], &["text"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let [location] = &result["locations"].as_array().unwrap()[..] else { panic!("one location") };
        has_only(location, &["physicalLocation", "logicalLocations"]);
        let physical = &location["physicalLocation"];
        has_only(physical, &["artifactLocation", "region"]);
        has_only(&physical["artifactLocation"], &["uri"]);
        has_only(&physical["region"], &["startLine"]);
        assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
    }
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%20b/p%231.yaml");
    let levels: Vec<&Value> = results.iter().map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "warning", "warning"]);
}

#[test]
fn a_document_that_is_no_object_has_a_place_in_sarif_too() {
    let document: Value = serde_json::from_str(&sarif(&report("kind: [")).unwrap()).unwrap();
    let location = &document["runs"][0]["results"][0]["locations"][0];
    has_only(location, &["physicalLocation"]);
}

#[test]
fn the_exit_code_is_two_from_the_severity_on_that_is_asked_for() {
    let codes = |report: &Report| Severity::ALL.map(|severity| exit_code(report, severity));
    let of = |spec: &str| codes(&report(&telemetry("shop", spec)));
    assert_eq!(codes(&report("")), [0, 0, 0]);
    assert_eq!(of("  reportingInterval: 10s"), [2, 2, 2]);
    assert_eq!(of("  {}"), [0, 2, 2]);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n---\n";
    let nothing = telemetry("shop", "  seriesSets: [istio, kmesh-connection, longwire, longwire-locality]");
    assert_eq!(codes(&report(&format!("{pod}{nothing}"))), [0, 0, 2]);
}

#[test]
fn findings_beyond_the_bound_are_counted() {
    let tag = |at: usize| format!("  f{at}: 1\n");
    let fields: String = (0..32).map(tag).collect();
    let objects: Vec<String> = (0..320)
        .map(|at| {
            telemetry("shop", &format!("  seriesSets: [istio]\n{fields}"))
                .replace("namespace: shop", &format!("namespace: n{at}"))
        })
        .collect();
    let report = report(&objects.join("---\n"));
    assert_eq!((report.findings.len(), report.left_out), (10_000, 320 * 32 - 10_000));
    assert!(text(&report, Palette::default()).contains("and 240 more findings"));
    assert_eq!(report.counts, [320 * 32, 0, 0]);
}

fn has_only(value: &Value, fields: &[&str]) {
    let found: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(found, fields.iter().copied().collect());
}

fn is_level(value: &Value) {
    assert!(["none", "note", "warning", "error"].contains(&value.as_str().unwrap()), "{value}");
}
