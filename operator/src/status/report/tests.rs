use super::{Left, accepted, status};
use crate::acks::{Acked, Acks};
use crate::policy::state::{PolicyState, PolicyStates};
use crate::source::object::{Key, Kind, Name};
use crate::status::Reports;
use crate::status::progress::progress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use longwire_crds::PolicyStatus;
use longwire_crds::status::NodeCount;
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
    let acks = Arc::<Acks>::default();
    acks.open("n1").unwrap().applied(9);
    acks.open("n2").unwrap().applied(revision);
    acks.snapshot()
}

fn status_of(state: &PolicyState, acked: &HashMap<String, Acked>) -> PolicyStatus {
    let (programmed, nodes) = progress(state, acked, &ready());
    status(state, programmed, nodes)
}

/// The objects that something was left for, each with whether that was a status.
fn taken(reports: &Reports) -> Vec<(Key, bool)> {
    reports.take().into_iter().map(|(key, desired)| (key, desired.is_some())).collect()
}

#[test]
fn a_status_has_the_objects_conditions_and_nodes() {
    let status = status_of(&state(5), &acked(4));
    assert_eq!((status.observed_generation, status.workloads_selected), (Some(3), Some(2)));
    assert_eq!(status.nodes, Some(NodeCount { programmed: 1, desired: 2 }));
    assert_eq!(status.programmed.as_deref(), Some("1/2"));
    let [accepted, programmed, conflicted] = &status.conditions[..] else { panic!("{status:?}") };
    assert_eq!((accepted.status.as_str(), accepted.reason.as_str()), ("True", "Accepted"));
    assert_eq!((programmed.status.as_str(), programmed.message.as_str()), ("False", "not yet on n2"));
    assert_eq!((conflicted.status.as_str(), conflicted.reason.as_str()), ("False", "NoConflicts"));
}

#[test]
fn an_override_by_another_object_is_in_the_condition_conflicted() {
    let state = PolicyState { conflicted: Some("spec.tags[0]: shop/older has it".to_owned()), ..state(5) };
    let status = status_of(&state, &acked(5));
    let [accepted, _, conflicted] = &status.conditions[..] else { panic!("{status:?}") };
    assert_eq!((accepted.status.as_str(), conflicted.status.as_str()), ("True", "True"));
    assert_eq!(conflicted.message, "spec.tags[0]: shop/older has it");
}

#[test]
fn fields_without_effect_are_in_the_condition_accepted() {
    let warnings = ["spec.horizon is not known", "spec.selector: selects no pod"].map(str::to_owned).to_vec();
    let state = PolicyState { warnings, ..state(5) };
    let Condition { status, reason, message, .. } = accepted(&state);
    assert_eq!((status.as_str(), reason.as_str()), ("True", "AcceptedWithWarnings"));
    assert_eq!(message, "spec.horizon is not known; spec.selector: selects no pod");
}

#[test]
fn only_what_is_different_from_the_last_time_is_left() {
    let (reports, mut left) = (Reports::default(), Left::default());
    let mut leave = |policy_states: &PolicyStates, revision| {
        left.leave(policy_states, &acked(revision), &ready(), true, &reports);
        taken(&reports)
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
        taken(&reports)
    };
    assert_eq!(leave(&HashMap::new(), false), []);
    assert_eq!(leave(&acked(5), false), [(key(), true)]);
    assert_eq!(leave(&HashMap::new(), false), []);
    assert_eq!(leave(&HashMap::new(), true), [(key(), true)]);
}
