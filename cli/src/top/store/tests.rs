use super::*;
use serde_json::{Value, json};

/// Open; source and destination have sent again so often.
pub(in crate::top) fn connection(name: &str, [source, destination]: [&str; 2], again: [u64; 2]) -> Connection {
    let end = |pod: &str, port: u16| {
        let (namespace, pod) = pod.split_once('/').unwrap();
        let workload = pod.rsplit_once('-').unwrap().0;
        json!({"namespace": namespace, "pod": pod, "workload": workload, "address": "10.0.0.1", "port": port})
    };
    let service = destination.rsplit_once('-').unwrap().0.split_once('/').unwrap();
    serde_json::from_value(json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection", "metadata": {"name": name},
        "spec": {
            "source": end(source, 40000), "destination": end(destination, 80),
            "service": {"name": service.1, "namespace": service.0},
        },
        "status": {
            "phase": "Open", "durationMilliseconds": 60000, "bytesPerSecond": {"fromSource": 1000, "fromDestination": 20},
            "source": {"retransmits": again[0], "rttMicroseconds": 200}, "destination": {"retransmits": again[1]},
        },
    }))
    .unwrap()
}

pub(in crate::top) fn with(mut connection: Connection, status: &Value) -> Connection {
    let mut merged = serde_json::to_value(connection.status).unwrap();
    for (field, value) in status.as_object().unwrap() {
        merged[field] = value.clone();
    }
    connection.status = Some(serde_json::from_value(merged).unwrap());
    connection
}

const ENDS: [&str; 2] = ["shop/web-1", "shop/db-0"];

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn names(store: &Store) -> Vec<u64> {
    let mut numbers: Vec<u64> = store.known().map(|known| known.retransmits[0].number()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn what_a_list_does_not_say_any_more_is_gone() {
    let mut store = Store::default();
    store.listed(&connection("a", ENDS, [1, 0]), at(0));
    store.listed(&connection("b", ENDS, [2, 0]), at(0));
    store.end_list();
    store.changed(&connection("c", ENDS, [3, 0]), at(1));
    assert_eq!(names(&store), [1, 2, 3]);
    // Another list, which first stops after a page.
    store.listed(&connection("a", ENDS, [4, 0]), at(5));
    store.listed(&connection("a", ENDS, [4, 0]), at(6));
    assert_eq!(names(&store), [2, 3, 4]);
    store.listed(&connection("c", ENDS, [3, 0]), at(6));
    store.end_list();
    assert_eq!(names(&store), [3, 4]);
    store.gone(&connection("c", ENDS, [3, 0]));
    assert_eq!(names(&store), [4]);
}

#[test]
fn retransmits_before_it_was_looked_at_are_no_rate_but_those_of_a_new_one_are() {
    let mut store = Store::default();
    store.listed(&connection("a", ENDS, [100, 0]), at(0));
    store.end_list();
    store.changed(&with(connection("b", ENDS, [100, 0]), &json!({"durationMilliseconds": 60_000})), at(1));
    let rate = |store: &Store| store.known().map(|known| known.retransmits[0].rate(at(1))).sum::<f64>();
    assert_eq!(rate(&store), 0.0);
    store
        .changed(&with(connection("c", ENDS, [6, 0]), &json!({"durationMilliseconds": 900, "phase": "Failed"})), at(1));
    assert_eq!(rate(&store), 6.0);
}

#[test]
fn there_is_a_bound_and_it_is_said() {
    let mut store = Store { most: 2, ..Store::default() };
    for name in ["a", "b"] {
        store.listed(&connection(name, ENDS, [0, 0]), at(0));
    }
    assert!(!store.is_full);
    store.listed(&connection("c", ENDS, [0, 0]), at(0));
    assert_eq!((store.known().count(), store.is_full), (2, true));
}

#[test]
fn an_open_one_grows_older_and_one_that_has_ended_does_not() {
    let mut store = Store::default();
    store.listed(&connection("a", ENDS, [0, 0]), at(10));
    let age = |store: &Store, now| store.known().next().and_then(|known| known.age(at(now)));
    assert_eq!(age(&store, 15), Some(65_000));
    store.changed(&with(connection("a", ENDS, [0, 0]), &json!({"phase": "Closed"})), at(16));
    assert_eq!(age(&store, 90), Some(60_000));
}

#[test]
fn names_cannot_move_the_cursor() {
    let mut evil = connection("a", ENDS, [0, 0]);
    let name = Some("a\u{1b}[2J\u{9b}".to_owned());
    let spec = &mut evil.spec;
    for end in [&mut spec.source, &mut spec.destination] {
        (end.pod, end.workload, end.namespace) = (name.clone(), name.clone(), name.clone());
    }
    let service = spec.service.as_mut().unwrap();
    (service.name, service.namespace) = (name.clone(), name);
    let mut store = Store::default();
    store.listed(&evil, at(0));
    let known = store.known().next().unwrap();
    let Known { ends, service, .. } = known;
    assert!(!format!("{ends:?}{service:?}").contains("\\u{1b}"), "{known:?}");
    assert_eq!(service.as_deref(), Some("a\u{fffd}[2J\u{fffd}/a\u{fffd}[2J\u{fffd}"));
}
