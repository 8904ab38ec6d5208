use super::{Acked, Acks, MAX_NODES, ProbeState};
use std::sync::Arc;

#[test]
fn a_refusal_is_handed_out_once_even_when_it_was_made_good_since() {
    let acks = Arc::<Acks>::default();
    let (first, second) = (acks.open("n1").unwrap(), acks.open("n2").unwrap());
    first.refused(5, "no BTF");
    second.refused(5, "no room");
    second.applied(6);
    let taken = acks.take_refusals();
    assert_eq!((taken["n1"].as_str(), taken["n2"].as_str(), taken.len()), ("no BTF", "no room", 2));
    assert!(acks.take_refusals().is_empty());
    assert_eq!(acks.snapshot()["n1"].refused, Some((5, "no BTF".to_owned())));
}

#[test]
fn acks_do_not_go_back() {
    let acks = Arc::<Acks>::default();
    let node = acks.open("n1").unwrap();
    node.applied(5);
    node.applied(3);
    assert_eq!(acks.snapshot()["n1"], Acked { revision: 5, refused: None });
}

#[test]
fn an_entry_goes_when_its_node_is_gone_and_has_no_stream() {
    let acks = Arc::<Acks>::default();
    let (first, second) = (acks.open("n1").unwrap(), acks.open("n1").unwrap());
    first.applied(5);
    first.notice("full");
    drop(first);
    acks.retain(|_| false);
    assert_eq!(acks.snapshot()["n1"].revision, 5, "it has another stream");
    drop(second);
    acks.retain(|node| node == "n1");
    assert_eq!(acks.snapshot()["n1"].revision, 5, "a probe that is away for a while still runs what it ran");
    acks.retain(|_| false);
    assert!(acks.nodes.lock().is_empty());
    assert_eq!(acks.notices(), []);
}

#[test]
fn a_client_that_claims_ever_new_names_is_refused_until_they_are_forgotten() {
    let acks = Arc::<Acks>::default();
    let held = acks.open("held").unwrap();
    for number in 1..MAX_NODES {
        acks.open(&number.to_string()).unwrap().applied(1);
    }
    assert!(acks.open("one more").is_none());
    assert!(acks.open("held").is_some(), "a node that has an entry needs no room");
    acks.retain(|_| false);
    assert!(acks.open("one more").is_some());
    assert_eq!(acks.nodes.lock().len(), 2);
    drop(held);
}

#[test]
fn what_is_known_of_a_probe_outlives_its_stream() {
    let acks = Arc::<Acks>::default();
    let node = acks.open("n1").unwrap();
    node.runs("0.1.0\n");
    node.applied(5);
    node.notice("full");
    node.notice("slow");
    let state = |connected| ProbeState {
        connected,
        release: Some("0.1.0".to_owned()),
        acked: Some(Acked { revision: 5, refused: None }),
        notices: vec!["full".to_owned(), "slow".to_owned()],
    };
    assert_eq!(acks.probes(), [("n1".to_owned(), state(true))].into());
    // It became an Event, and is of the last hour still.
    acks.notice_sent("n1", "full");
    drop(node);
    assert_eq!(acks.probes(), [("n1".to_owned(), state(false))].into());
    let newer = acks.open("n1").unwrap();
    newer.runs(&"1".repeat(1_000));
    assert_eq!(acks.probes()["n1"].release, Some("1".repeat(64)));
    newer.runs("");
    assert_eq!(acks.probes()["n1"].release, None);
}
