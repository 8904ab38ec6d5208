//! What nodes' kernels see of pods, and what their peers are told by it.

use super::{Operator, a, answers};
use crate::object::{Kind, Pod};
use crate::sample::{apply, delete, pod};

fn b() -> Pod {
    Pod { started: 150, ..pod("web", "b", "10.0.0.1") }
}

fn unaddressed(pod: Pod) -> Pod {
    Pod { addresses: Vec::new(), ..pod }
}

#[test]
fn a_pod_is_known_to_its_peers_from_its_first_word_before_its_status_says_where_it_is() {
    let (mut operator, _) = Operator::new(vec![apply(unaddressed(b()))]);
    assert_eq!(operator.sight("n1", "uid-b", "10.0.0.1", 160), (vec!["10.0.0.1: uid-b 150-".to_owned()], 0));
    // Its status says so too.
    assert_eq!(answers(&operator.take(vec![apply(b())], 300)), ["10.0.0.1: uid-b 150-"]);
    // And when it says another, the first was a network of its own.
    let elsewhere = Pod { started: 150, ..pod("web", "b", "10.0.0.2") };
    let changes = operator.take(vec![apply(elsewhere)], 400);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-b 150-400", "10.0.0.2: uid-b 150-"]);
}

#[test]
fn only_pods_of_the_probes_own_node_are_its_to_speak_of() {
    let (mut operator, _) = Operator::new(vec![apply(unaddressed(b()))]);
    assert_eq!(operator.sight("n2", "uid-b", "10.0.0.1", 160), (vec![], 1));
    assert_eq!(operator.sight("n1", "uid-nobody", "10.0.0.1", 160), (vec![], 1));
    let host = Pod { host_network: true, ..unaddressed(pod("web", "h", "::")) };
    operator.take(vec![apply(host)], 200);
    assert_eq!(operator.sight("n1", "uid-h", "10.0.0.9", 160), (vec![], 0));
}

#[test]
fn to_a_pod_that_is_alone_at_its_address_a_first_word_changes_nothing() {
    let (mut operator, _) = Operator::new(vec![apply(b())]);
    assert_eq!(operator.sight("n1", "uid-b", "10.0.0.1", 160), (vec![], 0));
}

#[test]
fn who_speaks_has_the_address_from_the_one_that_lives_no_more_on_its_node() {
    // Its kubelet has not told yet that it has ended.
    let (mut operator, _) = Operator::new(vec![apply(a()), apply(unaddressed(b()))]);
    let (told, _) = operator.sight("n1", "uid-b", "10.0.0.1", 160);
    assert_eq!(told, ["10.0.0.1: uid-a 0-160, uid-b 160!-"]);
    // Late words of the former change nothing, and its end came earlier than it was told.
    let changes = operator.take(vec![apply(Pod { ready: false, ..a() })], 200);
    assert_eq!(answers(&changes), [""; 0]);
    let changes = operator.take(vec![delete(Kind::Pod, "a")], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-160, uid-b 160!-"]);
}

#[test]
fn of_two_that_live_on_two_nodes_neither_is_told_to_be_the_only_one() {
    let far = Pod { node: Some("n2".to_owned()), ..unaddressed(b()) };
    let (mut operator, _) = Operator::new(vec![apply(a()), apply(far)]);
    assert_eq!(operator.sight("n2", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-a 0-, uid-b 160!-"]);
    // Until one of them goes: the other has spoken earlier than that was noticed.
    let changes = operator.take(vec![delete(Kind::Pod, "a")], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-160, uid-b 160!-"]);
}

#[test]
fn a_pod_that_came_and_went_between_two_words_of_its_kubelet_had_its_address() {
    const S: u64 = 1_000_000_000;
    let (mut operator, _) = Operator::new(vec![apply(unaddressed(b()))]);
    let ended = Pod { ended: true, finished: 170 * S, ..b() };
    let changes = operator.take(vec![apply(ended.clone())], 300 * S);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-b 150-171000000000"]);
    // Said again it is no news; what its kernel saw comes late, and still counts beside another's.
    assert_eq!(answers(&operator.take(vec![apply(ended.clone())], 301 * S)), [""; 0]);
    operator.take(vec![apply(Pod { started: 180 * S, ..pod("web", "c", "10.0.0.1") })], 302 * S);
    let (told, _) = operator.sight("n1", "uid-b", "10.0.0.1", 160 * S);
    assert_eq!(told, ["10.0.0.1: uid-b 160000000000!-171000000000, uid-c 180000000000-"]);
    // What ended long ago is not told of: an operator that starts finds many such.
    let (_, changes) = Operator::new(vec![apply(Pod { finished: 1, ..ended })]);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-b 150-100"]);
    let changes = operator.take(vec![apply(Pod { ended: true, finished: S, ..pod("web", "d", "10.0.0.4") })], 400 * S);
    assert_eq!(answers(&changes), [""; 0]);
}
