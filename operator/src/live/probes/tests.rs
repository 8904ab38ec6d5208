use super::{Known, Table, statuses, uid};
use crate::acks::{Acked, ProbeState};
use crate::index::probes::ProbePods;
use longwire_live::probe::{ProbeStatus, Revisions};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

fn status(wanted: u64) -> ProbeStatus {
    ProbeStatus { connected: true, revision: Revisions { applied: Some(1), wanted }, ..ProbeStatus::default() }
}

fn rows(rows: &[(&str, u64)]) -> BTreeMap<String, ProbeStatus> {
    rows.iter().map(|(name, wanted)| ((*name).to_owned(), status(*wanted))).collect()
}

#[test]
fn every_node_with_a_pod_or_a_stream_has_a_row() {
    let acked = Acked { revision: 4, refused: Some((5, "no room".to_owned())) };
    let known = HashMap::from([
        (
            "n1".to_owned(),
            ProbeState {
                connected: true,
                release: Some("0.1.0".to_owned()),
                acked: Some(acked),
                notices: vec!["full".to_owned()],
            },
        ),
        ("n3".to_owned(), ProbeState::default()),
    ]);
    let pods = ProbePods {
        nodes: [("p1".to_owned(), "n1".into()), ("p2".to_owned(), "n2".into())].into(),
        ready: ["n1".to_owned()].into(),
        ..ProbePods::default()
    };
    let made = statuses(known.clone(), Some(&pods), 5, &Known::new());
    assert_eq!(made.keys().collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    let expected = json!({
        "connected": true, "ready": true, "release": "0.1.0", "revision": {"applied": 4, "wanted": 5},
        "refusal": "no room", "notices": ["full"],
    });
    assert_eq!(serde_json::to_value(&made["n1"]).unwrap(), expected);
    let unseen = json!({"connected": false, "ready": false, "revision": {"wanted": 5}});
    assert_eq!(serde_json::to_value(&made["n2"]).unwrap(), unseen);
    // Without an API server nothing is known of pods.
    assert_eq!(statuses(known, None, 5, &Known::new())["n1"].ready, None);
}

#[test]
fn a_version_rises_with_each_change_and_with_nothing_else() {
    let mut table = Table::begin(1_000);
    let versions = |table: &Table| {
        let snapshot = table.snapshot();
        let of = |row: &super::Row| row.object["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        (snapshot.revision, snapshot.rows.iter().map(of).collect::<Vec<_>>().join(" "))
    };
    table.take(rows(&[("a", 1), ("b", 1)]));
    assert_eq!(versions(&table), (1_002, "1001 1002".to_owned()));
    table.take(rows(&[("a", 1), ("b", 1)]));
    assert_eq!(versions(&table), (1_002, "1001 1002".to_owned()));
    table.take(rows(&[("a", 2), ("b", 1)]));
    assert_eq!(versions(&table), (1_003, "1003 1002".to_owned()));
    table.take(rows(&[("b", 1)]));
    assert_eq!(versions(&table), (1_004, "1002".to_owned()));
    table.take(rows(&[("b", 2), ("c", 1)]));
    assert_eq!(versions(&table), (1_006, "1005 1006".to_owned()));
    assert_eq!(table.snapshot().begun, 1_000);
}

#[test]
fn an_object_has_all_that_clients_need() {
    let mut table = Table::begin(7);
    table.take(rows(&[("n1", 3)]));
    let object = table.snapshot().rows.remove(0).object;
    let expected = json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Probe",
        "metadata": {"name": "n1", "uid": uid("n1"), "resourceVersion": "8"},
        "spec": {"node": "n1"},
        "status": {"connected": true, "revision": {"applied": 1, "wanted": 3}},
    });
    assert_eq!(object, expected);
}

#[test]
fn a_uid_is_a_uuid_of_the_name() {
    let (first, second) = (uid("n1"), uid("n2"));
    assert_ne!(first, second);
    let parts: Vec<_> = first.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert_eq!(&first[14..15], "8");
    assert!("89ab".contains(&first[19..20]), "{first}");
    // Two replicas, and two releases, agree.
    assert_eq!(first, uid("n1"));
}
