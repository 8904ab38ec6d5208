//! `kubectl longwire describe` against an API server of the test.

use crate::api_server::{ApiServer, list};
use crate::online::kubeconfig;
use crate::said;
use rstest::rstest;
use serde_json::{Value, json};
use std::process::Command;

const API: &str = "/apis/live.telemetry.longwire.io/v1alpha1/namespaces/shop";

fn origin(kind: &str, name: &str, field: &str) -> Value {
    let (namespace, name) = name.split_once('/').unwrap();
    json!({"kind": kind, "namespace": namespace, "name": name, "field": field})
}

fn loser(kind: &str, name: &str, field: &str, why: &str) -> Value {
    let mut loser = origin(kind, name, field);
    loser["why"] = why.into();
    loser
}

fn telemetry(pod: &str, status: &Value) -> Value {
    json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "EffectiveTelemetry",
        "metadata": {"name": pod, "namespace": "shop"},
        "spec": {
            "workload": "web", "node": "node-1", "canonicalService": "web", "canonicalRevision": "v1", "services": ["web"],
        },
        "status": status,
    })
}

/// With something in each section.
fn rich() -> Value {
    let mesh = |field| loser("TelemetryPolicy", "longwire-system/mesh", field, "TelemetryPolicy shop/web is narrower");
    let sets = |name: &str, on: bool| {
        json!({
            "name": name, "on": on, "from": origin("TelemetryPolicy", "shop/web", "spec.seriesSets"),
            "lost": [mesh("spec.seriesSets")],
        })
    };
    json!({
        "seriesSets": [sets("istio", true), sets("kmesh-connection", false), sets("kmesh-workload", false), sets("longwire", true)],
        "overrides": [{
            "disabled": true,
            "metrics": {"source": ["istio_tcp_sent_bytes_total"], "destination": ["istio_tcp_sent_bytes_total"]},
            "from": origin("TelemetryPolicy", "shop/web", "spec.overrides[0].disabled"),
        }],
        "tags": [
            {
                "name": "team", "value": "source.labels['team']", "maxValues": 100,
                "from": origin("ExtraStatTags", "shop/tags", "spec.tags[0] team"), "moreLost": 3,
            },
            {
                "name": "request_protocol", "metrics": {"source": ["istio_tcp_sent_bytes_total"]},
                "from": origin("TelemetryPolicy", "longwire-system/mesh", "spec.overrides[1].tagOverrides.request_protocol"),
            },
        ],
        "settings": [{
            "name": "accessLogs.enabled", "value": "true",
            "from": {"kind": "Pod", "field": "metadata.annotations.telemetry.longwire.io/access-log"},
        }, {"name": "reportingInterval", "value": "10s", "from": {"kind": "Defaults", "field": "spec.reportingInterval"}}],
        "objects": [
            {"kind": "TelemetryPolicy", "namespace": "longwire-system", "name": "mesh"},
            {"kind": "TelemetryPolicy", "namespace": "shop", "name": "web"},
            {"kind": "ExtraStatTags", "namespace": "shop", "name": "tags"},
        ],
        "annotations": [{"name": "telemetry.longwire.io/access-log", "value": "true"}],
        "problems": [
            {
                "object": {"kind": "TelemetryPolicy", "namespace": "shop", "name": "old"}, "reason": "NotAccepted",
                "message": "is not accepted, so it applies to no pod: spec.seriesSets[0]: unknown series set \"istoi\"",
            },
            {"reason": "InvalidAnnotation", "message": "annotation telemetry.longwire.io/seriesSets is not known"},
        ],
    })
}

fn plain(on: &str) -> Value {
    json!({"seriesSets": [{"name": on, "on": true}]})
}

fn connection(name: &str, source: &str, destination: &str) -> Value {
    let end = |pod: &str| json!({"namespace": "shop", "pod": pod, "workload": pod.split('-').next()});
    json!({
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "source": end(source), "destination": end(destination),
            "service": {"name": destination.split('-').next(), "namespace": "shop"},
        },
        "status": {"phase": "Open", "bytes": {"fromSource": 1_200, "fromDestination": 3_400_000}},
    })
}

fn cluster() -> ApiServer {
    let server = ApiServer::start();
    server.serve(&format!("{API}/effectivetelemetries/web-1"), telemetry("web-1", &rich()));
    let connections =
        [connection("a", "web-1", "db-1"), connection("b", "web-1", "db-2"), connection("c", "top-1", "web-1")];
    server.serve(&format!("{API}/connections"), list(&connections));
    server
}

fn describe(server: &ApiServer, words: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let config = kubeconfig(home.path(), "config", server.url());
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", config).env("HOME", home.path()).arg("describe").args(words);
    said(command.output().unwrap())
}

#[test]
fn a_pod_section_by_section() {
    let server = cluster();
    let (code, text, error) = describe(&server, &["pod", "web-1"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    insta::assert_snapshot!(text);
    let asked = server.asked();
    let connections = asked.iter().find(|asked| asked.path.ends_with("/connections")).unwrap();
    assert_eq!(connections.fields, "pod=web-1");
}

#[test]
fn a_hundred_pods_of_a_service_with_the_same_telemetry_are_one_block() {
    let server = cluster();
    let mut pods: Vec<_> = (0..100).map(|at| telemetry(&format!("web-{at:02}"), &plain("istio"))).collect();
    pods.push(telemetry("canary", &plain("longwire")));
    server.serve(&format!("{API}/effectivetelemetries"), list(&pods));
    server.serve(
        &format!("{API}/connections"),
        list(&[connection("a", "web-07", "db-1"), connection("b", "web-08", "db-2")]),
    );
    server.set_page(40);
    let (code, text, error) = describe(&server, &["service", "web"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    insta::assert_snapshot!(text);
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.fields == "service=web"), "{asked:?}");
}

#[test]
fn programs_read_the_same_as_json_and_yaml() {
    let server = cluster();
    let (code, text, _) = describe(&server, &["pods", "web-1", "-o", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(
        (&json["kind"], &json["name"], &json["groups"][0]["pods"]),
        (&json!("Pod"), &json!("web-1"), &json!(["web-1"]))
    );
    assert_eq!(json["groups"][0]["telemetry"], rich());
    let fed = json!({
        "role": "source", "peer": "shop/db", "service": "db", "open": 2, "sentBytes": 2_400, "receivedBytes": 6_800_000,
    });
    assert_eq!(json["feeds"][0], fed);
    let yaml: Value = serde_saphyr::from_str(&describe(&server, &["po", "web-1", "-o", "yaml"]).1).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn without_connections_the_rest_is_described() {
    let server = cluster();
    server.refuse(&format!("{API}/connections"), 403, "Forbidden");
    let (code, text, error) = describe(&server, &["pod", "web-1"]);
    assert_eq!((code, text.contains("not known: connections could not be read")), (Some(0), true), "{text}");
    assert!(error.starts_with("Warning: you may not list connections.live.telemetry.longwire.io"), "{error}");
}

#[rstest]
#[case::pod(&["pod", "gone"], "pod shop/gone is not known to the operator: it is not there, or has ended: `kubectl get pods -n shop`")]
#[case::service(&["svc", "gone"], "service shop/gone is not there: `kubectl get services -n shop`")]
#[case::without_pods(&["service", "idle"], "service shop/idle leads to no pod that the operator knows: ")]
#[case::hidden(&["service", "hidden"], "service shop/hidden leads to no pod that the operator knows: ")]
fn what_is_not_there_is_said_on_standard_error(#[case] words: &[&str], #[case] expected: &str) {
    let server = cluster();
    server.lack(&format!("{API}/effectivetelemetries/gone"));
    server.serve(&format!("{API}/effectivetelemetries"), list(&[]));
    server.lack("/api/v1/namespaces/shop/services/gone");
    server.serve("/api/v1/namespaces/shop/services/idle", json!({"metadata": {"name": "idle"}}));
    server.refuse("/api/v1/namespaces/shop/services/hidden", 403, "Forbidden");
    let (code, text, error) = describe(&server, words);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case::not_served(404, "NotFound", "the cluster does not serve effectivetelemetries of the live API")]
#[case::no_right(403, "Forbidden", "you may not list effectivetelemetries.live.telemetry.longwire.io: ")]
#[case::unavailable(
    503,
    "ServiceUnavailable",
    "`kubectl get apiservice v1alpha1.live.telemetry.longwire.io -o yaml` says why"
)]
fn who_is_not_answered_is_told_what_to_do(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let server = ApiServer::start();
    server.refuse_all(code, reason);
    for words in [["pod", "web-1"], ["service", "web"]] {
        let (code, text, error) = describe(&server, &words);
        assert_eq!((code, text.as_str()), (Some(1), ""));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn names_cannot_move_the_cursor_and_no_selector() {
    let server = cluster();
    let mut evil = plain("\u{1b}[2Jgone");
    evil["problems"] = json!([{"reason": "\u{1b}[1A", "message": "\u{1b}[2J"}]);
    server.serve(&format!("{API}/effectivetelemetries/web-1"), telemetry("web-1", &evil));
    let (code, text, _) = describe(&server, &["pod", "web-1"]);
    assert_eq!((code, text.contains('\u{1b}'), text.contains("\u{fffd}[2Jgone")), (Some(0), false, true), "{text}");
    server.serve(&format!("{API}/effectivetelemetries"), list(&[]));
    describe(&server, &["service", "a,workload=b"]);
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.fields == "service=a\\,workload\\=b"), "{asked:?}");
}

#[test]
fn help_reads_well() {
    let (code, text, _) = describe(&ApiServer::start(), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire describe [OPTIONS] <KIND> <NAME>"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}
