//! `kubectl longwire top` against an API server of the test, without a terminal.

use crate::api_server::{ApiServer, list};
use crate::online::kubeconfig;
use crate::said;
use rstest::rstest;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::thread::scope;

const SHOP: &str = "/apis/live.telemetry.longwire.io/v1alpha1/namespaces/shop/connections";
const ALL: &str = "/apis/live.telemetry.longwire.io/v1alpha1/connections";

fn connection(name: &str, pod: &str, retransmits: u64) -> Value {
    json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection",
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": "5"},
        "spec": {
            "source": {"namespace": "shop", "pod": pod, "workload": "web", "port": 40000},
            "destination": {"namespace": "bank", "pod": "db-0", "workload": "db", "port": 5432},
            "service": {"name": "db", "namespace": "bank"},
        },
        "status": {
            "phase": "Open", "durationMilliseconds": 60_000, "bytesPerSecond": {"fromSource": 1500, "fromDestination": 70},
            "source": {"retransmits": retransmits, "rttMicroseconds": 250},
        },
    })
}

fn shop() -> ApiServer {
    let server = ApiServer::start();
    let connections = [connection("a", "web-1", 0), connection("b", "web-2", 50), connection("c", "web-3", 0)];
    server.serve(SHOP, list(&connections));
    server.serve(ALL, list(&connections));
    server.set_page(2);
    server
}

fn top(server: &ApiServer, words: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let config = kubeconfig(home.path(), "config", server.url());
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", config).env("HOME", home.path()).arg("top").args(words).stdin(Stdio::null());
    said(command.output().unwrap())
}

fn cells(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_pod_that_retransmits_most_now_is_the_first_line() {
    let server = shop();
    let (code, text, error) = scope(|scope| {
        let shown = scope.spawn(|| top(&server, &[]));
        server.send(&[json!({"type": "MODIFIED", "object": connection("c", "web-3", 20)})]);
        shown.join().unwrap()
    });
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let lines = cells(&text);
    assert_eq!(lines[0], "POD OPEN FAILED SENT/S RECV/S RETRANS/S RETRANS RTT");
    assert!(lines[1].starts_with("shop/web-3 1 0 1.5 kB 70 B "), "{text}");
    assert_eq!(
        lines[2..],
        ["shop/web-2 1 0 1.5 kB 70 B 0 50 250 us", "shop/web-1 1 0 1.5 kB 70 B 0 0 250 us"],
        "bank's pods are not known as a whole"
    );
}

#[rstest]
#[case::edges(&["edges"], "SOURCE DESTINATION OPEN", "shop/web bank/db 3 0 4.5 kB 210 B 0 50 250 us")]
#[case::services(&["services", "--once"], "SERVICE OPEN", "bank/db 3 0 210 B 4.5 kB 0 50 250 us")]
#[case::namespaces(&["namespaces"], "NAMESPACE OPEN", "shop 3 0 4.5 kB 210 B 0 50 250 us")]
#[case::pods_of_all(&["pods", "-A"], "POD OPEN", "shop/web-2 1 0 1.5 kB 70 B 0 50 250 us")]
#[case::connections(&["connections"], "SOURCE DESTINATION SERVICE PHASE", "shop/web-2:40000 bank/db-0:5432 bank/db Open 1.5 kB")]
fn each_kind_is_a_table(#[case] words: &[&str], #[case] titles: &str, #[case] first: &str) {
    let (code, text, error) = top(&shop(), words);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let lines = cells(&text);
    assert!(lines[0].starts_with(titles) && lines[1].starts_with(first), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn nothing_is_said_to_be_nothing() {
    let server = ApiServer::start();
    server.serve(SHOP, list(&[]));
    server.warn("299 - \"1 of 10 nodes did not answer: n3\"");
    let expected = (Some(0), "No pods.\n".to_owned(), "Warning: 1 of 10 nodes did not answer: n3\n".to_owned());
    assert_eq!(top(&server, &[]), expected);
}

#[rstest]
#[case::not_served(404, "NotFound", "--set live.enabled=true`")]
#[case::no_right(403, "Forbidden", "context one, user u: you may not list connections.live.telemetry.longwire.io: ")]
#[case::unavailable(
    503,
    "ServiceUnavailable",
    "`kubectl get apiservice v1alpha1.live.telemetry.longwire.io -o yaml` says why"
)]
fn what_cannot_be_asked_is_said_on_standard_error(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let server = shop();
    server.refuse_all(code, reason);
    let (code, text, error) = top(&server, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
}

#[test]
fn bad_words_are_said_on_standard_error() {
    let (code, text, error) = top(&shop(), &["nodes"]);
    assert_eq!((code, text.as_str()), (Some(2), ""));
    assert!(error.contains("[possible values: edges, connections, pods, services, namespaces]"), "{error}");
}

#[test]
fn help_reads_well() {
    let (code, text, _) = top(&shop(), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire top [OPTIONS] [KIND]"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}
