//! `kubectl longwire estimate` against an API server of the test.

use crate::api_server::ApiServer;
use crate::online::kubeconfig;
use crate::said;
use rstest::rstest;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

const API: &str = "/apis/live.telemetry.longwire.io/v1alpha1";
const TAGS: &str = "apiVersion: telemetry.longwire.io/v1alpha1\nkind: ExtraStatTags\nmetadata: {name: team}\n\
spec: {tags: [{name: team, value: \"'x'\"}]}\n";

fn estimate(server: &ApiServer, text: &str, words: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let config = kubeconfig(home.path(), "config", server.url());
    let file = home.path().join("policy.yaml");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", config).env("HOME", home.path()).arg("estimate").arg("-f").arg(file);
    said(command.args(words).output().unwrap())
}

fn answer(overflows: &Value) -> Value {
    json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "SeriesEstimate", "metadata": {"namespace": "shop"},
        "spec": {"object": {"kind": "ExtraStatTags", "metadata": {"name": "team"}}},
        "status": {"complete": true, "connections": 1, "relabelled": 1, "overflows": overflows,
                   "series": {"before": 4, "after": 8, "stopped": 4, "later": 0}},
    })
}

#[test]
fn each_object_is_asked_in_its_namespace_and_a_full_budget_is_2() {
    let server = ApiServer::start();
    server.serve(&format!("{API}/namespaces/shop/seriesestimates"), answer(&json!([])));
    let full = json!([{"node": "n1", "resource": "series", "limit": 7, "refused": 1}]);
    server.serve(&format!("{API}/namespaces/bank/seriesestimates"), answer(&full));
    let (code, text, error) = estimate(&server, TAGS, &[]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{text}");
    assert!(text.starts_with("ExtraStatTags team: 1 of 1 live connection would change\n"), "{text}");
    assert!(text.contains("all           4       8         4       0\n"), "{text}");
    let (code, text, _) = estimate(&server, TAGS, &["-n", "bank"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("no room: node n1 may have 7 series"), "{text}");
    let both = format!(
        "{TAGS}---\n{}---\napiVersion: v1\nkind: Pod\n",
        TAGS.replace("name: team}", "name: team, namespace: bank}")
    );
    let (code, text, _) = estimate(&server, &both, &["-o", "json"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, list["items"].as_array().unwrap().len()), (Some(2), 2));
}

#[rstest]
#[case::nothing("apiVersion: v1\nkind: Pod\n", "no TelemetryPolicy, ExtraStatTags or StatsMatcher is in the files")]
#[case::no_yaml("a: [\n", "policy.yaml: line ")]
#[case::not_served(TAGS, "the cluster does not serve seriesestimates of the live API")]
fn what_cannot_be_asked_is_said_on_standard_error(#[case] text: &str, #[case] expected: &str) {
    let (code, text, error) = estimate(&ApiServer::start(), text, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case::invalid(422, "Invalid", "ExtraStatTags team: Invalid")]
#[case::no_right(403, "Forbidden", "you may not create seriesestimates.live.telemetry.longwire.io")]
fn a_refusal_names_the_object(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let server = ApiServer::start();
    server.refuse_all(code, reason);
    let (code, _, error) = estimate(&server, TAGS, &[]);
    assert_eq!(code, Some(1));
    assert!(error.contains(expected), "{error}");
}

#[test]
fn help_reads_well() {
    let (code, text, _) = estimate(&ApiServer::start(), TAGS, &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire estimate [OPTIONS] --filename <FILE>..."), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}
