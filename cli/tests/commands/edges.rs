//! `kubectl longwire edges` against an API server of the test.

use crate::api_server::{ApiServer, list};
use crate::online::kubeconfig;
use crate::said;
use rstest::rstest;
use serde_json::{Value, json};
use std::process::Command;

const API: &str = "/apis/live.telemetry.longwire.io/v1alpha1";

fn connection(name: &str, destination: &str, phase: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "source": {"namespace": "shop", "workload": "web"},
            "destination": {"namespace": "shop", "workload": destination},
        },
        "status": {"phase": phase, "bytesPerSecond": {"fromSource": 100, "fromDestination": 20}},
    })
}

fn edges(server: &ApiServer, words: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let config = kubeconfig(home.path(), "config", server.url());
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", config).env("HOME", home.path()).arg("edges").args(words);
    said(command.output().unwrap())
}

#[rstest]
#[case::of_the_context(&[], "shop/web\n├─ shop/db  1 open, 0 closed, 1 failed, 120 B/s, 0 retransmits\n\
└─ shop/mail  1 open, 0 closed, 0 failed, 120 B/s, 0 retransmits\n")]
#[case::named(&["-n", "bank"], "No connections.\n")]
#[case::all(&["-A", "-o", "dot"], "digraph edges {\n  rankdir=LR;\n  \"shop/web\" -> \"shop/db\" [label=\"120 B/s\"];\n}\n")]
fn connections_of_a_namespace_are_drawn(#[case] words: &[&str], #[case] expected: &str) {
    let server = ApiServer::start();
    // Of several pages.
    server.set_page(1);
    let of_shop = [connection("a", "db", "Open"), connection("b", "db", "Failed"), connection("c", "mail", "Open")];
    server.serve(&format!("{API}/namespaces/shop/connections"), list(&of_shop));
    server.serve(&format!("{API}/namespaces/bank/connections"), list(&[]));
    server.serve(&format!("{API}/connections"), list(&[connection("a", "db", "Open")]));
    assert_eq!(edges(&server, words), (Some(0), expected.to_owned(), String::new()));
}

#[rstest]
#[case::not_served(404, "NotFound", "--set live.enabled=true`")]
#[case::no_right(403, "Forbidden", "you may not list connections.live.telemetry.longwire.io: ")]
#[case::unavailable(
    503,
    "ServiceUnavailable",
    "`kubectl get apiservice v1alpha1.live.telemetry.longwire.io -o yaml` says why"
)]
fn what_cannot_be_asked_is_said_on_standard_error(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let server = ApiServer::start();
    server.refuse_all(code, reason);
    let (code, text, error) = edges(&server, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
}

#[test]
fn pages_that_expired_are_asked_again_by_the_user() {
    let server = ApiServer::start();
    server.set_page(1);
    server.expire_once();
    let of_shop = [connection("a", "db", "Open"), connection("b", "db", "Open")];
    server.serve(&format!("{API}/namespaces/shop/connections"), list(&of_shop));
    let (code, text, error) = edges(&server, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains("the pages of connections expired before they were read: ask again"), "{error}");
}

#[test]
fn help_reads_well() {
    let (code, text, _) = edges(&ApiServer::start(), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire edges [OPTIONS]"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}
