//! Address observations by nodes' kernels, and the answers that they lead to.

use super::{Operator, Unused, a, answers};
use crate::source::object::{Kind, Node, Pod};
use crate::source::sample::{apply, delete, node, pod, service};

const NOTHING: [&str; 0] = [];

fn b() -> Pod {
    Pod { started: 150, ..pod("web", "b", "10.0.0.1") }
}

fn unaddressed(pod: Pod) -> Pod {
    Pod { addresses: Vec::new(), ..pod }
}

/// An operator that knows of a node whose pods are in 10.0.0.0/16, and of these.
fn knowing(pods: Vec<Pod>) -> Operator {
    let ranged = Node { pod_ranges: vec!["10.0.0.0/16".parse().unwrap()], ..node("n1", "10.9.0.1") };
    let mut events = vec![apply(ranged)];
    events.extend(pods.into_iter().map(apply));
    Operator::new(events).0
}

#[test]
fn a_pod_is_known_from_its_first_connection_before_its_status_has_an_address() {
    let mut operator = knowing(vec![unaddressed(b())]);
    assert_eq!(operator.observe("n1", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-b 150-"]);
    // Its status says so too.
    assert_eq!(answers(&operator.take(vec![apply(b())], 300)), ["10.0.0.1: uid-b 150-"]);
}

#[test]
fn an_observed_address_is_dropped_once_the_status_has_another_one() {
    let mut operator = knowing(vec![unaddressed(b())]);
    operator.observe("n1", "uid-b", "10.0.0.1", 160);
    let elsewhere = Pod { started: 150, ..pod("web", "b", "10.0.0.2") };
    let changes = operator.take(vec![apply(elsewhere)], 400);
    assert_eq!(answers(&changes), ["10.0.0.1: no owner", "10.0.0.2: uid-b 150-"]);
    assert_eq!(answers(&operator.take(vec![delete(Kind::Pod, "b")], 500)), ["10.0.0.2: uid-b 150-500"]);
}

#[test]
fn only_pods_of_the_probes_own_node_are_its_to_speak_of() {
    let mut operator = knowing(vec![unaddressed(b())]);
    let not_on_node = (vec![], Unused { not_on_node: 1, outside: 0 });
    assert_eq!(operator.observe("n2", "uid-b", "10.0.0.1", 160), not_on_node);
    assert_eq!(operator.observe("n1", "uid-unknown", "10.0.0.1", 160), not_on_node);
    let host = Pod { host_network: true, ..unaddressed(pod("web", "h", "::")) };
    operator.take(vec![apply(host)], 200);
    assert_eq!(operator.observe("n1", "uid-h", "10.0.0.9", 160), (vec![], Unused::default()));
}

#[test]
fn an_observation_changes_nothing_for_the_only_owner_of_an_address() {
    let mut operator = knowing(vec![b()]);
    assert_eq!(operator.observe("n1", "uid-b", "10.0.0.1", 160), (vec![], Unused::default()));
}

#[test]
fn an_address_that_is_no_pods_is_nobodys_to_take_by_speaking_from_it() {
    let mut operator = knowing(vec![unaddressed(b())]);
    operator.take(vec![apply(service("web", "web", "10.0.96.1"))], 100);
    let outside = (vec![], Unused { not_on_node: 0, outside: 1 });
    assert_eq!(operator.observe("n1", "uid-b", "192.0.2.7", 160), outside);
    assert_eq!(operator.observe("n1", "uid-b", "10.9.0.1", 160), outside);
    assert_eq!(operator.observe("n1", "uid-b", "10.0.96.1", 160).0, NOTHING, "a ClusterIP in the range");
    let mut elsewhere = Operator::new(vec![apply(unaddressed(b())), apply(a())]).0;
    assert_eq!(elsewhere.observe("n1", "uid-b", "10.0.0.7", 160), outside, "no range is known");
    // But where a pod was another one may be.
    elsewhere.take(vec![delete(Kind::Pod, "a")], 150);
    assert_eq!(elsewhere.observe("n1", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-a 0-150, uid-b 160!-"]);
}

#[test]
fn a_running_pod_keeps_its_address_despite_observations_on_another_node() {
    let thief = Pod { node: Some("n2".to_owned()), ..unaddressed(b()) };
    let mut operator = knowing(vec![a(), thief]);
    assert_eq!(operator.observe("n2", "uid-b", "10.0.0.1", 160).0, NOTHING);
    // Nor does it lose it when the other one leaves.
    assert_eq!(answers(&operator.take(vec![delete(Kind::Pod, "b")], 200)), NOTHING);
    assert_eq!(answers(&operator.take(vec![delete(Kind::Pod, "a")], 300)), ["10.0.0.1: uid-a 0-300"]);
}

#[test]
fn of_two_pods_of_a_node_the_later_speaker_has_the_address_however_late_the_formers_end_is_known() {
    let mut operator = knowing(vec![a(), unaddressed(b())]);
    assert_eq!(operator.observe("n1", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-a 0-160, uid-b 160!-"]);
    assert_eq!(answers(&operator.take(vec![delete(Kind::Pod, "a")], 300)), NOTHING);
}

#[test]
fn a_pod_that_was_observed_before_the_formers_end_was_reported_had_the_address_then() {
    const S: u64 = 1_000_000_000;
    let late = Pod { started: 150 * S, ..unaddressed(b()) };
    let mut operator = knowing(vec![a(), late]);
    let answers_now = operator.observe("n1", "uid-b", "10.0.0.1", 161 * S).0;
    assert_eq!(answers_now, ["10.0.0.1: uid-a 0-161000000000, uid-b 161000000000!-"]);
    let changes = operator.take(vec![apply(Pod { ended: true, finished: 160 * S, ..a() })], 170 * S);
    assert_eq!(answers(&changes), NOTHING);
}

#[test]
fn an_observed_pod_takes_the_address_of_a_pod_of_its_node_without_processes() {
    // Its kubelet has not reported its end yet.
    let mut operator = knowing(vec![a(), unaddressed(b())]);
    let (answers_now, _) = operator.observe_after(&["uid-a"], "n1", "uid-b", "10.0.0.1", 160);
    assert_eq!(answers_now, ["10.0.0.1: uid-a 0-160, uid-b 160!-"]);
    // Late events of the former change nothing, and its end was before they came.
    let changes = operator.take(vec![apply(Pod { ready: false, ..a() })], 200);
    assert_eq!(answers(&changes), NOTHING);
    let changes = operator.take(vec![delete(Kind::Pod, "a")], 300);
    assert_eq!(answers(&changes), NOTHING);
}

#[test]
fn a_later_owner_is_not_gone_at_the_time_of_the_former_ones_observation() {
    let mut operator = knowing(vec![a(), b()]);
    let (answers_now, _) = operator.observe_after(&["uid-b"], "n1", "uid-a", "10.0.0.1", 50);
    assert_eq!(answers_now, ["10.0.0.1: uid-a 50!-, uid-b 150-"]);
    assert_eq!(operator.observe_after(&["uid-b"], "n1", "uid-a", "10.0.0.1", 50).0, NOTHING);
}

#[test]
fn a_node_reports_only_its_own_pods_as_gone() {
    let far = Pod { node: Some("n2".to_owned()), ..unaddressed(b()) };
    let mut operator = knowing(vec![a(), far]);
    assert_eq!(operator.observe_after(&["uid-a"], "n2", "uid-b", "10.0.0.1", 160).0, NOTHING);
}

#[test]
fn two_pods_on_two_nodes_with_one_address_in_their_status_both_own_it() {
    let far = Pod { node: Some("n2".to_owned()), ..b() };
    let mut operator = knowing(vec![a(), far]);
    assert_eq!(operator.observe("n2", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-a 0-, uid-b 160!-"]);
}

#[test]
fn of_two_that_were_only_seen_at_an_address_the_later_one_has_it() {
    let c = Pod { started: 155, ..unaddressed(pod("web", "c", "::")) };
    let mut operator = knowing(vec![unaddressed(b()), c]);
    operator.observe("n1", "uid-b", "10.0.0.1", 160);
    assert_eq!(operator.observe("n1", "uid-c", "10.0.0.1", 170).0, ["10.0.0.1: uid-b 160!-170, uid-c 170!-"]);
    // The status of the former comes late, and changes nothing of that.
    let changes = operator.take(vec![apply(b())], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-b 160!-170, uid-c 170!-"]);
}

#[test]
fn a_pod_that_lived_between_two_status_updates_had_its_address() {
    const S: u64 = 1_000_000_000;
    let mut operator = knowing(vec![unaddressed(b())]);
    let ended = Pod { ended: true, finished: 170 * S, ..b() };
    let changes = operator.take(vec![apply(ended.clone())], 300 * S);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-b 150-171000000000"]);
    // Said again it is no news; what its kernel saw comes late, and still counts beside another's.
    assert_eq!(answers(&operator.take(vec![apply(ended.clone())], 301 * S)), NOTHING);
    operator.take(vec![apply(Pod { started: 180 * S, ..pod("web", "c", "10.0.0.1") })], 302 * S);
    let (answers_now, _) = operator.observe("n1", "uid-b", "10.0.0.1", 160 * S);
    assert_eq!(answers_now, ["10.0.0.1: uid-b 160000000000!-171000000000, uid-c 180000000000-"]);
    // A pod that ended long ago is not sent: an operator that starts finds many such.
    let (_, changes) = Operator::new(vec![apply(Pod { finished: 1, ..ended })]);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-b 150-100"]);
    let changes = operator.take(vec![apply(Pod { ended: true, finished: S, ..pod("web", "d", "10.0.0.4") })], 400 * S);
    assert_eq!(answers(&changes), NOTHING);
}
