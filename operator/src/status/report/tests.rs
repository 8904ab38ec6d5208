use super::{Left, accepted, status};
use crate::policy::state::{PolicyState, PolicyStates};
use crate::publish::acks::{Acked, Acks};
use crate::source::object::{Key, Kind, Name};
use crate::status::progress::progress;
use crate::status::{Condition, Reports, Truth};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

fn state(revision: u64) -> PolicyState {
    let nodes = BTreeSet::from(["n1".to_owned(), "n2".to_owned()]);
    PolicyState {
        uid: "u".to_owned(),
        generation: 3,
        accepted: Ok(()),
        warnings: Vec::new(),
        conflicted: None,
        workloads_selected: 2,
        nodes,
        revision,
    }
}

fn key() -> Key {
    Key { kind: Kind::TelemetryPolicy, name: Name::new("shop", "quiet") }
}

fn ready() -> BTreeSet<String> {
    BTreeSet::from(["n1".to_owned(), "n2".to_owned(), "n3".to_owned()])
}

fn acked(revision: u64) -> HashMap<String, Acked> {
    let acks = Acks::default();
    acks.applied("n1", 9);
    acks.applied("n2", revision);
    acks.snapshot()
}

#[test]
fn a_status_has_the_objects_conditions_and_nodes() {
    let state = state(5);
    let status = status(&state, progress(&state, &acked(4), &ready()));
    assert_eq!((status.observed_generation, status.workloads), (3, 2));
    assert_eq!((status.programmed_nodes, status.desired_nodes), (1, 2));
    assert_eq!((status.accepted.status, status.accepted.reason.as_str()), (Truth::True, "Accepted"));
    assert_eq!((status.programmed.status, status.programmed.message.as_str()), (Truth::False, "not yet on n2"));
    assert_eq!((status.conflicted.status, status.conflicted.reason.as_str()), (Truth::False, "NoConflicts"));
}

#[test]
fn an_override_by_another_object_is_in_the_condition_conflicted() {
    let state = PolicyState { conflicted: Some("spec.tags[0]: shop/older has it".to_owned()), ..state(5) };
    let status = status(&state, progress(&state, &acked(5), &ready()));
    assert_eq!((status.accepted.status, status.conflicted.status), (Truth::True, Truth::True));
    assert_eq!(status.conflicted.message, "spec.tags[0]: shop/older has it");
}

#[test]
fn fields_without_effect_are_in_the_condition_accepted() {
    let warnings = ["spec.horizon is not known", "spec.selector: selects no pod"].map(str::to_owned).to_vec();
    let state = PolicyState { warnings, ..state(5) };
    let Condition { status, reason, message } = accepted(&state);
    assert_eq!((status, reason.as_str()), (Truth::True, "AcceptedWithWarnings"));
    assert_eq!(message, "spec.horizon is not known; spec.selector: selects no pod");
}

#[test]
fn only_what_is_different_from_the_last_time_is_left() {
    let (reports, mut left) = (Reports::default(), Left::default());
    let mut leave = |policy_states: &PolicyStates, revision| {
        left.leave(policy_states, &acked(revision), &ready(), true, &reports);
        reports.take_keys()
    };
    let there = PolicyStates::from([(key(), Arc::new(state(5)))]);
    assert_eq!(leave(&there, 4), [(key(), true)]);
    assert_eq!(leave(&there, 4), []);
    assert_eq!(leave(&there, 5), [(key(), true)]);
    assert_eq!(leave(&PolicyStates::default(), 5), [(key(), false)]);
    assert_eq!(leave(&PolicyStates::default(), 5), []);
}

#[test]
fn a_new_leader_withdraws_nothing_before_its_probes_are_connected() {
    let (reports, mut left) = (Reports::default(), Left::default());
    let mut leave = |acked: &HashMap<String, Acked>, settled| {
        left.leave(&PolicyStates::from([(key(), Arc::new(state(5)))]), acked, &ready(), settled, &reports);
        reports.take_keys()
    };
    assert_eq!(leave(&HashMap::new(), false), []);
    assert_eq!(leave(&acked(5), false), [(key(), true)]);
    assert_eq!(leave(&HashMap::new(), false), []);
    assert_eq!(leave(&HashMap::new(), true), [(key(), true)]);
}
