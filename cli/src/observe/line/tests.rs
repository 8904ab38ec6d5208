use super::*;
use rstest::rstest;
use serde_json::{Value, json};

fn connection(spec: &Value, status: &Value) -> Connection {
    serde_json::from_value(json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection", "metadata": {"name": "c"},
        "spec": spec, "status": status,
    }))
    .unwrap()
}

fn shop() -> Value {
    json!({
        "source": {"namespace": "shop", "pod": "web-7c4f", "port": 45786},
        "destination": {"namespace": "shop", "pod": "reviews-v1", "port": 9080},
        "service": {"name": "reviews", "namespace": "shop"},
    })
}

/// Noon, and 3.12 s.
const TIME: i64 = 1_764_590_403_120_999;

fn shown(what: What, connection: &Connection) -> String {
    let line = line((what, Some(TIME)), connection, ObserveOutput::Compact).unwrap();
    anstream::adapter::strip_str(&line).to_string()
}

#[rstest]
#[case::open(What::Open, json!({"phase": "Open"}), "12:00:03.120 OPEN  shop/web-7c4f:45786 -> shop/reviews-v1:9080 (reviews)")]
#[case::close(
    What::Close,
    json!({
        "phase": "Closed", "reason": "fin", "closedBy": "source", "durationMilliseconds": 2780,
        "bytes": {"fromSource": 1204, "fromDestination": 88123}, "source": {"retransmits": 2}, "destination": {"retransmits": 1},
    }),
    "12:00:03.120 CLOSE shop/web-7c4f:45786 -> shop/reviews-v1:9080 (reviews)  1.2 kB sent, 88.1 kB received, 2.7 s, fin by source, 3 retransmits"
)]
#[case::little_is_known(
    What::Close,
    json!({"phase": "Closed"}),
    "12:00:03.120 CLOSE shop/web-7c4f:45786 -> shop/reviews-v1:9080 (reviews)  0 B sent, 0 B received, closed"
)]
#[case::fail(
    What::Fail,
    json!({"phase": "Failed", "reason": "timeout", "durationMilliseconds": 63000, "source": {"retransmits": 1}}),
    "12:00:03.120 FAIL  shop/web-7c4f:45786 -> shop/reviews-v1:9080 (reviews)  timeout after 1m3s, 1 retransmit"
)]
#[case::unknown(
    What::Fail,
    json!({"phase": "Failed"}),
    "12:00:03.120 FAIL  shop/web-7c4f:45786 -> shop/reviews-v1:9080 (reviews)  for an unknown reason"
)]
fn a_line_says_what_happened(#[case] what: What, #[case] status: Value, #[case] expected: &str) {
    assert_eq!(shown(what, &connection(&shop(), &status)), expected);
}

#[test]
fn ends_without_a_pod_are_addresses() {
    let spec = json!({
        "source": {"address": "fd00::1", "port": 40000}, "destination": {"pod": "db-0", "namespace": "bank"},
        "service": {"name": "db", "namespace": "legacy"},
    });
    let line = shown(What::Open, &connection(&spec, &json!({"phase": "Open"})));
    assert_eq!(line, "12:00:03.120 OPEN  [fd00::1]:40000 -> bank/db-0 (legacy/db)");
    let nothing = connection(&json!({}), &json!({"phase": "Open"}));
    let line = line_of_unknown_time(&nothing);
    assert_eq!(line, "--:--:--.--- OPEN  unknown -> unknown");
}

fn line_of_unknown_time(connection: &Connection) -> String {
    let line = line((What::Open, None), connection, ObserveOutput::Compact).unwrap();
    anstream::adapter::strip_str(&line).to_string()
}

#[rstest]
#[case::compact(ObserveOutput::Compact)]
#[case::json(ObserveOutput::Json)]
fn nothing_of_a_cluster_moves_the_cursor(#[case] output: ObserveOutput) {
    let evil = "a\u{1b}[2J\u{9b}2J\u{7f}\n";
    let end = json!({"namespace": evil, "pod": evil, "workload": evil, "address": evil});
    let spec = json!({"source": end, "destination": end, "service": {"name": evil, "namespace": evil}});
    let status = json!({"phase": "Failed", "reason": evil});
    let line = line((What::Fail, Some(TIME)), &connection(&spec, &status), output).unwrap();
    let text = anstream::adapter::strip_str(&line).to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    if output == ObserveOutput::Json {
        let document: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&document["type"], &document["object"]["status"]["reason"]), (&json!("FAIL"), &json!(evil)));
        assert_eq!(document["object"]["kind"], "Connection");
    }
}
