use super::super::draw::{dot, mermaid, tree};
use super::*;
use serde_json::{Value, json};

fn connection(source: &Value, destination: &Value, status: &Value) -> Connection {
    serde_json::from_value(json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection", "metadata": {"name": "c"},
        "spec": {"source": source, "destination": destination}, "status": status,
    }))
    .unwrap()
}

/// Two connections of one edge, one that failed, one to an address.
fn shop() -> Edges {
    let web = json!({"namespace": "shop", "workload": "web", "pod": "web-1"});
    let db = json!({"namespace": "shop", "workload": "db"});
    let rates = |rate: u64| json!({"fromSource": rate, "fromDestination": 1000});
    edges(&[
        connection(&web, &db, &json!({"phase": "Open", "bytesPerSecond": rates(500), "source": {"retransmits": 3}})),
        connection(&web, &db, &json!({"phase": "Open", "bytesPerSecond": rates(0), "destination": {"retransmits": 1}})),
        connection(&web, &db, &json!({"phase": "Closed", "bytesPerSecond": rates(9)})),
        connection(&web, &json!({"address": "10.0.0.9", "port": 80}), &json!({"phase": "Failed"})),
        connection(&json!({"pod": "a\"\n\u{1b}b"}), &web, &json!({"phase": "Open"})),
    ])
}

#[test]
fn connections_are_added_up_by_workload() {
    let edges = shop();
    let edge = |source: &str, destination: &str| edges[&(source.to_owned(), destination.to_owned())];
    assert_eq!(
        edge("shop/web", "shop/db"),
        Sum { open: 2, closed: 1, failed: 0, bytes_per_second: 2500, retransmits: 4 }
    );
    assert_eq!(edge("shop/web", "10.0.0.9"), Sum { failed: 1, ..Sum::default() });
    assert_eq!(edges.len(), 3);
}

#[test]
fn the_tree_has_each_source_once() {
    let expected = "\
a\"\u{fffd}\u{fffd}b
└─ shop/web  1 open, 0 closed, 0 failed, 0 B/s, 0 retransmits

shop/web
├─ 10.0.0.9  0 open, 0 closed, 1 failed, 0 B/s, 0 retransmits
└─ shop/db  2 open, 1 closed, 0 failed, 2500 B/s, 4 retransmits
";
    assert_eq!(anstream::adapter::strip_str(&tree(&shop())).to_string(), expected);
    assert_eq!(tree(&Edges::new()), "No connections.\n");
}

#[test]
fn graphviz_cannot_be_made_to_read_a_name_as_its_language() {
    let expected = "\
digraph edges {
  rankdir=LR;
  \"a\\\"\u{fffd}\u{fffd}b\" -> \"shop/web\" [label=\"0 B/s\"];
  \"shop/web\" -> \"10.0.0.9\" [label=\"0 B/s, 1 failed\", color=red];
  \"shop/web\" -> \"shop/db\" [label=\"2500 B/s\"];
}
";
    assert_eq!(dot(&shop()), expected);
}

#[test]
fn mermaid_cannot_either() {
    let expected = "\
flowchart LR
  n0[\"10.0.0.9\"]
  n1[\"a#quot;\u{fffd}\u{fffd}b\"]
  n2[\"shop/db\"]
  n3[\"shop/web\"]
  n1 -->|\"0 B/s\"| n3
  n3 -->|\"0 B/s, 1 failed\"| n0
  n3 -->|\"2500 B/s\"| n2
";
    assert_eq!(mermaid(&shop()), expected);
}
