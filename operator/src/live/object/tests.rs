use super::connection;
use crate::live::fake::facts;
use crate::live::merge::{Directions, Kernel, Merged, Phase, Why};
use crate::live::row::{Facts, Key, RowState, Side};
use longwire_live::resource;
use longwire_model::connection::{CloseReason, Reporter};
use longwire_model::identity::Service;
use serde_json::{Value, json};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_790_000_000 * SECOND;

fn service() -> Arc<Service> {
    let text = str::to_owned;
    Arc::new(Service { namespace: text("shop"), name: text("cart"), host: text("cart.shop.svc"), cluster: text("c") })
}

fn state() -> RowState {
    let known = Facts::clone(&facts(0xab, Some("web"), Some("vault")));
    let facts = Facts {
        source: Side { address: Some("10.0.0.1:4000".parse().unwrap()), ..known.source },
        destination: Side { address: Some("10.0.0.3:8080".parse().unwrap()), ..known.destination },
        service: Some(service()),
        requested_address: "10.96.0.1:80".parse().unwrap(),
        start: START,
        ..known
    };
    let kernel = Kernel {
        bytes: Directions::default(),
        rtt_us: Some(1_250),
        min_rtt_us: None,
        retransmits: 2,
        retransmitted_bytes: 9,
        lost: 1,
        is_stale: false,
    };
    let merged = Merged {
        observed: START + 3 * SECOND,
        bytes: Directions { from_source: 1_234, from_destination: 5_600_000 },
        bytes_per_second: Directions { from_source: 12, from_destination: 12_345 },
        kernels: [Some(kernel), None],
        handshake: Some(81_500),
        ..Merged::default()
    };
    RowState { facts: Arc::new(facts), merged, created: 5, phase_changed: 5, revision: 7, is_gone: false }
}

fn object(state: &RowState, namespace: &str) -> Value {
    serde_json::to_value(connection(state, namespace, START + 90 * SECOND)).unwrap()
}

#[test]
fn an_open_connection_has_what_is_known_of_it() {
    let object = object(&state(), "shop");
    assert_eq!((&object["kind"], &object["metadata"]["namespace"]), (&json!("Connection"), &json!("shop")));
    assert_eq!(object["metadata"]["name"], "ab".repeat(16));
    assert_eq!(object["metadata"]["uid"], "abababab-abab-8bab-abab-abababababab");
    assert_eq!(object["metadata"]["resourceVersion"], "7");
    // Of the namespace's own pods alone.
    assert_eq!(object["metadata"]["labels"], json!({"app": "web"}));
    let expected = json!({
        "source": {"pod": "web", "namespace": "shop", "workload": "web", "node": "n1", "zone": "z1",
            "address": "10.0.0.1", "port": 4000},
        "destination": {"pod": "vault", "namespace": "bank", "workload": "vault", "node": "n2",
            "address": "10.0.0.3", "port": 8080},
        "service": {"name": "cart", "namespace": "shop", "host": "cart.shop.svc", "port": 80},
        "requestedAddress": "10.96.0.1:80",
    });
    assert_eq!(object["spec"], expected);
    let status = &object["status"];
    assert_eq!((&status["phase"], &status["durationMilliseconds"]), (&json!("Open"), &json!(90_000)));
    assert_eq!(status["handshakeMicroseconds"], 81);
    assert_eq!(status["source"]["rttMicroseconds"], 1_250);
    assert_eq!((status.get("endTime"), status.get("destination"), status.get("oneEnded")), (None, None, None));
}

#[test]
fn its_row_in_a_table_is_short() {
    let columns = resource("connections").unwrap().columns;
    let object = object(&state(), "shop");
    let cells: Vec<_> = columns.iter().skip(1).map(|column| (column.cell)(&object)).collect();
    let expected = json!([
        "Open",
        "web",
        "bank/vault:8080",
        "cart",
        "12",
        "12k",
        "1.2ms",
        2,
        "90s",
        "1.2k/5.6M",
        1,
        "n1 > n2",
        "10.0.0.1:4000 > 10.0.0.3:8080",
        "<none>"
    ]);
    assert_eq!(Value::from(cells), expected);
}

#[test]
fn one_that_ended_lives_no_longer() {
    let mut state = state();
    state.merged = Merged {
        phase: Phase::Closed,
        why: Some(Why::Closed(CloseReason::Reset)),
        closed_by: Some(Reporter::Destination),
        end: Some(START + SECOND / 2),
        ..state.merged
    };
    let status = &object(&state, "bank")["status"];
    assert_eq!((&status["reason"], &status["closedBy"]), (&json!("reset"), &json!("destination")));
    assert_eq!((&status["durationMilliseconds"], &status["phase"]), (&json!(500), &json!("Closed")));
}

#[test]
fn what_one_end_alone_knows_is_said() {
    let mut state = state();
    let key = Key::Local { id: 7, node: "n1".into() };
    state.facts = Arc::new(Facts { name: key.to_string().into(), key, start: 0, ..Facts::clone(&state.facts) });
    let object = object(&state, "shop");
    assert_eq!((&object["status"]["oneEnded"], object["status"].get("startTime")), (&json!(true), None));
    assert_eq!(object["status"].get("durationMilliseconds"), None);
    assert_eq!(object["metadata"]["uid"].as_str().unwrap().len(), 36);
}
