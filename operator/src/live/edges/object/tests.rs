use super::edge;
use crate::live::edges::facts::EdgeFacts;
use crate::live::edges::sums::{Kernels, Quantiles, Sums};
use crate::live::fake::facts;
use crate::live::merge::Directions;
use crate::live::view::Views;
use serde_json::{Value, json};
use std::sync::Arc;

fn shown(sums: Sums, source: Option<&str>, namespace: &str) -> Value {
    let facts = Arc::new(EdgeFacts::of(&facts(1, source, Some("vault"))));
    let state = Views::new(41).publish(&facts, sums, None);
    serde_json::to_value(edge(&state, namespace)).unwrap()
}

#[test]
fn an_edge_as_an_object() {
    let sums = Sums {
        since: 1_000_000_000,
        open: 1,
        opened: 2,
        closed: 3,
        failed: [("refused", 4)].into(),
        vanished: 5,
        bytes: Directions { from_source: 6, from_destination: 7 },
        bytes_per_second: Directions { from_source: 8, from_destination: 9 },
        rtt: Some(Quantiles { p50: 10, p95: 11, p99: 12 }),
        kernels: Kernels { sent: 75, retransmitted_bytes: 25, retransmits: 13, lost: 14 },
    };
    let object = shown(sums, Some("web"), "bank");
    let metadata = &object["metadata"];
    assert_eq!((&metadata["namespace"], &metadata["resourceVersion"]), (&json!("bank"), &json!("42")));
    assert_eq!(metadata["labels"]["app"], "vault");
    assert!(metadata["name"].as_str().unwrap().starts_with("web.vault."), "{metadata}");
    let spec = json!({
        "source": {"namespace": "shop", "workload": "web"}, "destination": {"namespace": "bank", "workload": "vault"},
    });
    assert_eq!(object["spec"], spec);
    let status = json!({
        "since": "1970-01-01T00:00:01.000000Z", "open": 1, "opened": 2, "closed": 3, "failed": {"refused": 4}, "vanished": 5,
        "bytes": {"fromSource": 6, "fromDestination": 7}, "bytesPerSecond": {"fromSource": 8, "fromDestination": 9},
        "rttMicroseconds": {"p50": 10, "p95": 11, "p99": 12}, "retransmitRatio": 0.25, "retransmittedBytes": 25,
        "retransmits": 13, "lostPackets": 14,
    });
    assert_eq!(object["status"], status);
}

#[test]
fn what_is_not_known_of_an_edge_is_left_out() {
    let object = shown(Sums::default(), None, "bank");
    assert_eq!(object["spec"]["source"], json!({}));
    let zero = json!({"fromSource": 0, "fromDestination": 0});
    let status = json!({
        "open": 0, "opened": 0, "closed": 0, "bytes": zero, "bytesPerSecond": zero, "retransmittedBytes": 0, "retransmits": 0,
        "lostPackets": 0,
    });
    assert_eq!(object["status"], status);
}
