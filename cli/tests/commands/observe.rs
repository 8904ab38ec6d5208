//! `kubectl longwire observe` against an API server of the test.

mod following;

use crate::api_server::{ApiServer, list};
use crate::online::kubeconfig;
use crate::said;
use rstest::rstest;
use serde_json::{Value, json};
use std::process::Command;

const API: &str = "/apis/live.telemetry.longwire.io/v1alpha1";
const SHOP: &str = "/apis/live.telemetry.longwire.io/v1alpha1/namespaces/shop/connections";
/// When a list is answered: noon.
const NOON: &str = "Tue, 01 Dec 2026 12:00:00 GMT";

/// From pod web-1; it began and ended at these seconds after 11:59:00.
fn connection(name: &str, to: &str, phase: &str, [start, end]: [u32; 2]) -> Value {
    let time = |second: u32| {
        let minute = if second < 60 { "11:59" } else { "12:00" };
        format!("2026-12-01T{minute}:{:02}.500000Z", second % 60)
    };
    json!({
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": "7"},
        "spec": {
            "source": {"namespace": "shop", "pod": "web-1", "workload": "web", "address": "10.0.0.1", "port": 40000},
            "destination": {"namespace": "shop", "pod": to, "address": "10.0.0.2", "port": 80},
        },
        "status": {
            "phase": phase, "startTime": time(start), "endTime": (phase != "Open").then(|| time(end)),
            "reason": match phase { "Closed" => Some("fin"), "Failed" => Some("refused"), _ => None },
            "durationMilliseconds": u64::from(end - start) * 1_000, "bytes": {"fromSource": 1500, "fromDestination": 20},
        },
    })
}

fn shop(connections: &[Value]) -> ApiServer {
    let server = ApiServer::start();
    server.set_date(NOON);
    server.serve(SHOP, list(connections));
    server
}

fn command(server: &ApiServer, home: &tempfile::TempDir, words: &[&str]) -> Command {
    let config = kubeconfig(home.path(), "config", server.url());
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", config).env("HOME", home.path()).arg("observe").args(words);
    command
}

/// Ends by itself.
fn observe(server: &ApiServer, words: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    said(command(server, &home, words).output().unwrap())
}

/// Five that have ended, out of order, and an open one.
fn ended() -> ApiServer {
    let server = shop(&[
        connection("a", "db", "Closed", [10, 40]),
        connection("b", "mail", "Failed", [15, 16]),
        connection("c", "db", "Open", [20, 50]),
        connection("d", "db", "Closed", [30, 35]),
        connection("e", "db", "Failed", [52, 55]),
        connection("f", "db", "Closed", [1, 2]),
    ]);
    server.set_page(2);
    server
}

#[test]
fn the_last_ends_of_all_nodes_are_shown_in_order() {
    let server = ended();
    let expected = "\
11:59:35.500 CLOSE shop/web-1:40000 -> shop/db:80  1.5 kB sent, 20 B received, 5.0 s, fin
11:59:40.500 CLOSE shop/web-1:40000 -> shop/db:80  1.5 kB sent, 20 B received, 30.0 s, fin
11:59:55.500 FAIL  shop/web-1:40000 -> shop/db:80  refused after 3.0 s
";
    assert_eq!(observe(&server, &["--last", "3"]), (Some(0), expected.to_owned(), String::new()));
    let asked = server.asked();
    assert!(asked.iter().all(|request| request.fields == "history=all"), "{asked:?}");
}

#[rstest]
#[case::since(&["--last=9", "--since=22s"], &[40, 55])]
#[case::one(&["--last=1"], &[55])]
#[case::filtered(&["--last=9", "--filter", "connection.event == 'failed' && destination.pod == 'mail'"], &[16])]
#[case::of_a_pod(&["--last=9", "--pod", "shop/mail"], &[16])]
#[case::of_no_pod(&["--last=9", "--pod", "bank/mail"], &[])]
fn what_is_shown_can_be_narrowed(#[case] words: &[&str], #[case] seconds: &[u32]) {
    let (code, text, error) = observe(&ended(), words);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let times: Vec<u32> = text.lines().map(|line| line[6..8].parse().unwrap()).collect();
    assert_eq!(times, seconds, "{text}");
}

#[test]
fn the_api_selects_what_it_can() {
    let server = shop(&[]);
    let words = ["--from", "web", "--to=shop/db", "--pod=shop/db-0", "--failed", "-l", "app in (a,b)", "--last=1"];
    assert_eq!(observe(&server, &words), (Some(0), String::new(), String::new()));
    let asked = &server.asked()[0];
    let fields = "source=web,destination=shop/db,pod=db-0,phase=Failed,history=all";
    assert_eq!((asked.fields.as_str(), asked.labels.as_str()), (fields, "app in (a,b)"));
    assert_eq!(asked.limit, "500");
}

#[test]
fn one_object_a_line_is_for_programs() {
    let (code, text, error) = observe(&ended(), &["--last", "2", "-o", "json"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown: Vec<_> = events.iter().map(|event| (&event["type"], &event["object"]["metadata"]["name"])).collect();
    assert_eq!(shown, [(&json!("CLOSE"), &json!("a")), (&json!("FAIL"), &json!("e"))]);
    assert_eq!(events[0]["object"]["apiVersion"], "live.telemetry.longwire.io/v1alpha1");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let (server, home) = (ended(), tempfile::tempdir().unwrap());
    let with = |variables: &[(&str, &str)]| {
        let mut command = command(&server, &home, &["--last", "1"]);
        said(command.envs(variables.iter().copied()).output().unwrap()).1
    };
    assert!(!with(&[]).contains('\u{1b}'));
    assert!(with(&[("CLICOLOR_FORCE", "1")]).contains("\u{1b}[1m\u{1b}[31mFAIL "));
    assert_eq!(with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), with(&[]));
}

#[test]
fn nodes_that_did_not_answer_are_told_once() {
    let server = ended();
    server.warn("299 - \"1 of 10 nodes did not answer: n3\"");
    let (code, text, error) = observe(&server, &["--last", "9"]);
    assert_eq!((code, text.lines().count()), (Some(0), 5));
    assert_eq!(error, "Warning: 1 of 10 nodes did not answer: n3\n");
}

#[rstest]
#[case::not_served(404, "NotFound", "--set live.enabled=true`")]
#[case::no_right(403, "Forbidden", "context one, user u: you may not list connections.live.telemetry.longwire.io: ")]
#[case::which_right(403, "Forbidden", "ask for a binding to the ClusterRole longwire-live-view, which includes it")]
#[case::unavailable(
    503,
    "ServiceUnavailable",
    "`kubectl get apiservice v1alpha1.live.telemetry.longwire.io -o yaml` says why"
)]
#[case::unknown_user(401, "Unauthorized", "context one, user u: the cluster does not answer: ")]
fn what_cannot_be_asked_is_said_on_standard_error(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let server = shop(&[]);
    server.refuse_all(code, reason);
    let (code, text, error) = observe(&server, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
    // Nobody waits for an answer that will not come.
    assert_eq!(server.asked().len(), 1);
}

#[rstest]
#[case::no_expression(&["--filter", "source.pod =="], "invalid value 'source.pod ==' for '--filter <EXPRESSION>'")]
#[case::not_served(&["--filter", "source.cluster == 'a'"], "the live API does not have source.cluster")]
#[case::no_duration(&["--since", "soon"], "invalid value 'soon' for '--since <DURATION>'")]
#[case::none(&["--last", "0"], "0 is not in 1..=65536")]
#[case::no_name(&["--from", "a/b/c"], "write it as name or namespace/name")]
#[case::no_output(&["-o", "xml"], "[possible values: compact, json]")]
#[case::both(&["-A", "-n", "shop"], "cannot be used with")]
fn bad_words_are_said_on_standard_error(#[case] words: &[&str], #[case] expected: &str) {
    let (code, text, error) = observe(&shop(&[]), words);
    assert_eq!((code, text.as_str()), (Some(2), ""));
    assert!(error.contains(expected), "{error}");
}

#[test]
fn help_reads_well() {
    let (code, text, _) = observe(&shop(&[]), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire observe [OPTIONS]"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}
