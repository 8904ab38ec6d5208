//! Objects of a cluster.

use crate::settings;
use longwire_operator::analyze::{Live, Report, analyze_live};
use serde_json::{Value, json};

fn object(kind: &str, namespace: &str, name: &str, spec: &Value) -> Value {
    let version = if kind == "Pod" { "v1" } else { "telemetry.longwire.io/v1alpha1" };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec})
}

/// A pod without labels, a tag that reads one, and a policy that changes nothing.
fn cluster() -> Vec<Value> {
    vec![
        object("Pod", "shop", "web", &json!({"containers": []})),
        object(
            "ExtraStatTags",
            "shop",
            "tags",
            &json!({"tags": [{"name": "team", "value": "source.labels[\"team\"]"}]}),
        ),
        object(
            "TelemetryPolicy",
            "shop",
            "same",
            &json!({"seriesSets": ["istio", "kmesh-connection", "longwire", "longwire-locality"]}),
        ),
        object("TelemetryPolicy", "bank", "empty", &json!({})),
    ]
}

fn ids(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.check().id).collect()
}

fn live(namespace: Option<&str>, missing: &[&str]) -> Report {
    let missing = missing.iter().map(|kind| (*kind).to_owned()).collect();
    analyze_live(Live { objects: cluster(), namespace: namespace.map(str::to_owned), missing }, &settings())
}

#[test]
fn what_all_namespaces_decide_is_found_in_all() {
    let report = live(None, &[]);
    assert_eq!((ids(&report), report.notes.as_slice()), (vec!["LW011", "LW022", "LW023"], &[][..]));
    assert_eq!(report.counts, [0, 2, 1]);
    assert!(report.findings.iter().all(|finding| finding.file.is_empty() && finding.line == 0));
}

#[test]
fn of_one_namespace_labels_are_not_compared_and_others_are_not_reported() {
    let report = live(Some("shop"), &[]);
    assert_eq!((ids(&report), report.counts), (vec!["LW023"], [0, 0, 1]));
    assert!(report.notes[0].contains("only namespace shop was read"), "{:?}", report.notes);
}

#[test]
fn with_a_part_missing_nothing_is_said_to_have_no_effect() {
    let report = live(None, &["namespaces"]);
    assert_eq!(ids(&report), ["LW011", "LW022"]);
    assert!(report.notes[0].starts_with("namespaces could not be read"), "{:?}", report.notes);
}

#[test]
fn the_older_of_two_wins() {
    let of = |name: &str, year: u32, set: &str| {
        let mut policy = object("TelemetryPolicy", "shop", name, &json!({"seriesSets": [set]}));
        policy["metadata"]["creationTimestamp"] = format!("{year}-01-01T00:00:00Z").into();
        policy
    };
    let objects = vec![of("a", 2026, "istio"), of("b", 2025, "longwire")];
    let report = analyze_live(Live { objects, ..Live::default() }, &settings());
    let losers: Vec<&str> =
        report.findings.iter().map(|finding| finding.subject.as_ref().unwrap().name.as_str()).collect();
    assert_eq!((ids(&report), losers), (vec!["LW007"], vec!["a"]));
}
