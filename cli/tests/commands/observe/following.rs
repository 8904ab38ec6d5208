//! `observe` while connections come and go.

use super::{API, SHOP, command, connection, shop};
use crate::api_server::{ApiServer, list};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use tempfile::TempDir;

struct Observing {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
    _home: TempDir,
}

impl Observing {
    fn start(server: &ApiServer, words: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = command(server, &home, words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        Self { child, lines, _home: home }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.as_mut().unwrap().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// By Ctrl-C: the code, the lines that were not read, and what was said beside them.
    fn interrupt(mut self) -> (Option<i32>, String, String) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        let (mut rest, mut error) = (String::new(), String::new());
        self.lines.take().unwrap().read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        (self.child.wait().unwrap().code(), rest, error)
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        // Of a test that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn event(kind: &str, mut object: Value) -> Value {
    object["apiVersion"] = "live.telemetry.longwire.io/v1alpha1".into();
    object["kind"] = "Connection".into();
    json!({"type": kind, "object": object})
}

fn bookmark(version: &str, missed: u64) -> Value {
    let annotations = json!({"live.telemetry.longwire.io/missed-updates": missed.to_string()});
    json!({"type": "BOOKMARK", "object": {
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection", "spec": {},
        "metadata": {"resourceVersion": version, "annotations": annotations},
    }})
}

const CLOSED: &str = "CLOSE shop/web-1:40000 -> shop/db:80  1.5 kB sent, 20 B received,";

#[test]
fn what_opens_closes_and_fails_is_a_line_each() {
    let server = shop(&[connection("old", "db", "Open", [1, 60]), connection("over", "db", "Closed", [1, 20])]);
    let mut observing = Observing::start(&server, &[]);
    server.send(&[
        event("ADDED", connection("new", "mail", "Open", [62, 62])),
        // A node that answers late.
        event("ADDED", connection("late", "mail", "Open", [3, 62])),
        event("MODIFIED", connection("new", "mail", "Open", [62, 63])),
        event("MODIFIED", connection("old", "db", "Closed", [1, 63])),
        event("ADDED", connection("bad", "db", "Failed", [64, 65])),
        event("DELETED", connection("over", "db", "Closed", [1, 20])),
        event("MODIFIED", connection("new", "mail", "Closed", [62, 66])),
        bookmark("9", 0),
    ]);
    assert_eq!(observing.line(), "12:00:02.500 OPEN  shop/web-1:40000 -> shop/mail:80");
    assert_eq!(observing.line(), format!("12:00:03.500 {CLOSED} 1m2s, fin"));
    assert_eq!(observing.line(), "12:00:05.500 FAIL  shop/web-1:40000 -> shop/db:80  refused after 1.0 s");
    assert_eq!(
        observing.line(),
        "12:00:06.500 CLOSE shop/web-1:40000 -> shop/mail:80  1.5 kB sent, 20 B received, 4.0 s, fin"
    );
    assert_eq!(observing.interrupt(), (Some(0), String::new(), String::new()));
    let asked = server.asked();
    assert_eq!(asked.iter().map(|asked| asked.watches.as_deref()).collect::<Vec<_>>(), [None, Some("1")]);
    assert!(asked.iter().all(|asked| asked.fields.is_empty()), "{asked:?}");
}

#[test]
fn a_watch_that_expires_is_listed_anew_and_no_line_comes_twice() {
    let server = shop(&[]);
    let mut observing = Observing::start(&server, &[]);
    let opened = connection("a", "db", "Open", [62, 62]);
    server.send(&[event("ADDED", opened.clone())]);
    assert_eq!(observing.line(), "12:00:02.500 OPEN  shop/web-1:40000 -> shop/db:80");
    // What happened meanwhile is in the list, and what is known too.
    server.serve(SHOP, list(&[opened, connection("b", "db", "Closed", [63, 64])]));
    let expired = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 410, "reason": "Expired",
        "message": "list anew",
    });
    server.send(&[json!({"type": "ERROR", "object": expired})]);
    assert_eq!(observing.line(), format!("12:00:04.500 {CLOSED} 1.0 s, fin"));
    server.await_asked(SHOP, 4);
    server.send(&[
        event("ADDED", connection("b", "db", "Closed", [63, 64])),
        event("MODIFIED", connection("a", "db", "Closed", [62, 65])),
    ]);
    assert_eq!(observing.line(), format!("12:00:05.500 {CLOSED} 3.0 s, fin"));
    assert_eq!(observing.interrupt(), (Some(0), String::new(), String::new()));
    let fields: Vec<_> = server.asked().into_iter().map(|asked| asked.fields).collect();
    assert_eq!(fields, ["", "", "history=all", "history=all"]);
}

#[test]
fn a_watch_that_ends_goes_on_from_its_last_version() {
    let server = shop(&[]);
    let mut observing = Observing::start(&server, &[]);
    server.send(&[event("ADDED", connection("a", "db", "Open", [62, 62])), bookmark("12", 3)]);
    assert!(observing.line().contains(" OPEN "));
    server.end_watches();
    server.await_asked(SHOP, 3);
    server.send(&[bookmark("13", 2), event("MODIFIED", connection("a", "db", "Closed", [62, 65]))]);
    assert_eq!(observing.line(), format!("12:00:05.500 {CLOSED} 3.0 s, fin"));
    let expected = "Warning: 5 updates came faster than they were read: numbers of lines may be older than the connection's last\n";
    assert_eq!(observing.interrupt(), (Some(0), String::new(), expected.to_owned()));
    let watches: Vec<_> = server.asked().into_iter().map(|asked| asked.watches).collect();
    assert_eq!(watches, [None, Some("1".to_owned()), Some("12".to_owned())]);
}

#[test]
fn an_operator_that_restarts_is_waited_for() {
    let server = shop(&[]);
    server.warn("299 - \"1 of 2 nodes did not answer: n2\"");
    let mut observing = Observing::start(&server, &[]);
    server.send(&[event("ADDED", connection("a", "db", "Open", [62, 62]))]);
    assert!(observing.line().contains(" OPEN "));
    server.refuse_all(503, "ServiceUnavailable");
    server.end_watches();
    server.await_asked(SHOP, 4);
    server.serve(SHOP, list(&[connection("a", "db", "Closed", [62, 65])]));
    server.mend();
    assert_eq!(observing.line(), format!("12:00:05.500 {CLOSED} 3.0 s, fin"));
    let (code, rest, error) = observing.interrupt();
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert_eq!(error.lines().count(), 2, "{error}");
    assert!(
        error.starts_with("Warning: 1 of 2 nodes did not answer: n2\nWarning: the live API does not answer now: "),
        "{error}"
    );
}

#[test]
fn a_right_that_is_taken_away_ends_it() {
    let server = shop(&[]);
    let observing = Observing::start(&server, &[]);
    let denied = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 403, "reason": "Forbidden",
        "message": "no longer",
    });
    server.send(&[json!({"type": "ERROR", "object": denied})]);
    let mut observing = observing;
    assert_eq!(observing.line(), "");
    assert_eq!(observing.child.wait().unwrap().code(), Some(1));
    let mut error = String::new();
    observing.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert!(error.contains("you may not list connections.live.telemetry.longwire.io: "), "{error}");
}

#[test]
fn since_shows_what_happened_before_in_the_order_of_time() {
    let server = shop(&[]);
    server.serve(
        &format!("{API}/connections"),
        list(&[
            connection("a", "db", "Closed", [31, 50]),
            connection("b", "db", "Open", [45, 60]),
            connection("c", "db", "Open", [5, 60]),
            connection("d", "db", "Closed", [5, 20]),
            connection("e", "db", "Failed", [39, 40]),
        ]),
    );
    let mut observing = Observing::start(&server, &["-A", "--since", "30s"]);
    let times: Vec<String> = (0..3).map(|_| observing.line()[..18].to_owned()).collect();
    assert_eq!(times, ["11:59:40.500 FAIL ", "11:59:45.500 OPEN ", "11:59:50.500 CLOSE"]);
    server.send(&[event("MODIFIED", connection("c", "db", "Closed", [5, 61]))]);
    assert_eq!(observing.line(), format!("12:00:01.500 {CLOSED} 56.0 s, fin"));
    assert_eq!(observing.interrupt(), (Some(0), String::new(), String::new()));
}

#[test]
fn the_last_ones_can_be_followed() {
    let server = shop(&[connection("a", "db", "Closed", [1, 20]), connection("b", "db", "Closed", [1, 30])]);
    let mut observing = Observing::start(&server, &["--last", "1", "-f"]);
    assert!(observing.line().starts_with("11:59:30.500 CLOSE"));
    server.send(&[
        // What a node says late of before is not among the last.
        event("ADDED", connection("late", "db", "Closed", [1, 25])),
        event("ADDED", connection("c", "db", "Open", [62, 62])),
    ]);
    assert!(observing.line().starts_with("12:00:02.500 OPEN"));
    assert_eq!(observing.interrupt(), (Some(0), String::new(), String::new()));
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let server = shop(&[]);
    let mut observing = Observing::start(&server, &[]);
    server.send(&[event("ADDED", connection("a", "db", "Open", [62, 62]))]);
    assert!(observing.line().contains(" OPEN "));
    observing.lines = None;
    server.send(&[event("ADDED", connection("b", "db", "Open", [62, 62]))]);
    assert_eq!(observing.child.wait().unwrap().code(), Some(0));
}
