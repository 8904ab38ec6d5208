use super::Desired;
use super::conditions::{dated, is_same_content};
use super::news::{line, news};
use super::plan::{Outcome, Plan, Write};
use crate::source::object::{Key, Kind, Name};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use longwire_crds::PolicyStatus;
use longwire_crds::status::NodeCount;
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

/// Conditions by type, status, reason and message.
fn of(nodes: u32, conditions: [(&str, &str, &str, &str); 3]) -> PolicyStatus {
    let condition = |(name, status, reason, message): (&str, &str, &str, &str)| Condition {
        type_: name.to_owned(),
        status: status.to_owned(),
        observed_generation: Some(1),
        last_transition_time: Time(wall(0)),
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    PolicyStatus {
        observed_generation: Some(1),
        conditions: conditions.map(condition).to_vec(),
        nodes: Some(NodeCount { programmed: nodes, desired: 3 }),
        programmed: Some(format!("{nodes}/3")),
        workloads_selected: Some(7),
    }
}

const ACCEPTED: (&str, &str, &str, &str) = ("Accepted", "True", "Accepted", "");
const NO_CONFLICT: (&str, &str, &str, &str) = ("Conflicted", "False", "NoConflict", "");

/// Accepted, on so many of three nodes.
fn status(nodes: u32) -> PolicyStatus {
    programmed(nodes, "False", "Pending", &format!("{nodes} of 3"))
}

fn programmed(nodes: u32, status: &str, reason: &str, message: &str) -> PolicyStatus {
    of(nodes, [ACCEPTED, ("Programmed", status, reason, message), NO_CONFLICT])
}

fn done() -> PolicyStatus {
    programmed(3, "True", "Programmed", "")
}

fn refused_because(reason: &str, message: &str) -> PolicyStatus {
    of(0, [("Accepted", "False", reason, message), ("Programmed", "False", "Pending", "0 of 3"), NO_CONFLICT])
}

fn refused() -> PolicyStatus {
    refused_because("Invalid", "spec.selector: odd")
}

fn key(name: &str) -> Key {
    Key { kind: Kind::TelemetryPolicy, name: Name::new("shop", name) }
}

fn report(uid: &str, status: PolicyStatus) -> Option<Desired> {
    Some((uid.to_owned(), status))
}

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn wall(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn written(status: &PolicyStatus) -> Outcome {
    Outcome::Written(Box::new(dated(None, status.clone(), wall(1))))
}

fn statuses(writes: &[Write]) -> Vec<&PolicyStatus> {
    writes.iter().map(|write| &write.status).collect()
}

/// One object whose status was written at zero.
fn plan(status: &PolicyStatus) -> Plan {
    let mut plan = Plan::default();
    plan.set(key("a"), report("u", status.clone()));
    assert_eq!(statuses(&plan.due(at(0), 4)), [status]);
    plan.done(&key("a"), "u", written(status), at(0));
    plan
}

#[rstest]
#[case::nothing_new(status(1), None)]
#[case::figures_alone(status(2), Some(5000))]
#[case::a_condition_turns(refused(), Some(200))]
#[case::another_edit_was_seen(PolicyStatus { observed_generation: Some(2), ..status(1) }, Some(200))]
#[case::only_a_message(programmed(1, "False", "Pending", "n2 lags"), Some(5000))]
#[case::another_reason(programmed(1, "False", "Rejected", "1 of 3"), Some(200))]
fn a_changed_condition_is_written_at_once_and_changed_numbers_later(
    #[case] desired: PolicyStatus,
    #[case] due: Option<u64>,
) {
    let mut plan = plan(&status(1));
    plan.set(key("a"), report("u", desired.clone()));
    assert_eq!(plan.next(), due.map(at));
    if let Some(due) = due {
        assert_eq!(plan.due(at(due - 1), 4), []);
        assert_eq!(statuses(&plan.due(at(due), 4)), [&desired]);
        // It is being done.
        assert_eq!((plan.due(at(due), 4), plan.next()), (vec![], None));
    }
}

#[test]
fn what_changes_meanwhile_is_written_once_in_its_latest_form() {
    let mut plan = plan(&status(0));
    plan.set(key("a"), report("u", refused()));
    let [write] = plan.due(at(200), 4).try_into().unwrap();
    for nodes in 1..4 {
        plan.set(key("a"), report("u", status(nodes)));
    }
    assert_eq!(plan.due(at(300), 4), []);
    plan.done(&write.key, &write.uid, written(&write.status), at(300));
    assert_eq!(statuses(&plan.due(at(500), 4)), [&status(3)]);
}

#[test]
fn so_many_at_a_time() {
    let mut plan = Plan::default();
    for name in ["a", "b", "c"] {
        plan.set(key(name), report("u", status(0)));
    }
    assert_eq!([plan.due(at(0), 2).len(), plan.due(at(0), 2).len(), plan.due(at(0), 2).len()], [2, 1, 0]);
}

#[test]
fn an_api_server_that_is_away_is_retried_less_and_less_until_it_is_back() {
    let mut plan = plan(&status(0));
    plan.set(key("a"), report("u", status(1)));
    let (mut now, mut waits) = (at(5000), Vec::new());
    for _ in 0..5 {
        assert_eq!(plan.due(now, 4).len(), 1);
        plan.done(&key("a"), "u", Outcome::Failed, now);
        let next = plan.next().unwrap();
        waits.push(next.checked_sub(now).unwrap());
        now = next;
    }
    assert_eq!(waits, [500, 1000, 2000, 4000, 4000].map(at));
    assert_eq!(plan.due(now, 4)[0].former, None);
}

#[test]
fn a_new_leader_reads_the_stored_status_first() {
    let mut plan = plan(&status(0));
    assert_eq!(plan.next(), None);
    plan.start_over();
    let [write] = plan.due(at(1), 4).try_into().unwrap();
    assert_eq!((write.former, write.status), (None, status(0)));
}

#[test]
fn of_an_object_that_is_gone_nothing_is_written() {
    let mut plan = plan(&status(0));
    plan.set(key("a"), None);
    plan.set(key("b"), report("u", status(0)));
    assert_eq!(plan.due(at(0), 4).len(), 1);
    plan.done(&key("b"), "u", Outcome::Gone, at(0));
    assert_eq!(plan.next(), None);
}

#[test]
fn a_recreated_object_is_another_object() {
    let mut plan = plan(&status(0));
    plan.set(key("a"), report("u", status(1)));
    assert_eq!(plan.due(at(5000), 4).len(), 1);
    plan.set(key("a"), report("v", status(0)));
    // What becomes of the write about the former is not about this one.
    plan.done(&key("a"), "u", Outcome::Gone, at(5001));
    let [write] = plan.due(at(5001), 4).try_into().unwrap();
    assert_eq!((write.uid.as_str(), write.former), ("v", None));
}

fn since(status: &PolicyStatus) -> Vec<Timestamp> {
    status.conditions.iter().map(|condition| condition.last_transition_time.0).collect()
}

#[test]
fn a_condition_keeps_its_time_until_it_turns() {
    let first = dated(None, status(0), wall(1));
    assert_eq!(since(&first), [wall(1); 3]);
    let second = dated(Some(&first), programmed(2, "False", "Rejected", "odd"), wall(2));
    assert_eq!(since(&second), [wall(1); 3]);
    let third = dated(Some(&second), done(), wall(3));
    assert_eq!(since(&third), [wall(1), wall(3), wall(1)]);
    let lost = programmed(3, "Unknown", "Programmed", "");
    assert_eq!(since(&dated(Some(&third), lost, wall(4))), [wall(1), wall(4), wall(1)]);
}

#[test]
fn a_clock_that_jumps_dates_what_turns_and_nothing_else() {
    let first = dated(None, status(0), wall(10_000));
    for jumped in [wall(6_400), wall(13_600)] {
        let second = dated(Some(&first), done(), jumped);
        assert_eq!(since(&second), [wall(10_000), jumped, wall(10_000)]);
        assert!(is_same_content(&first, &dated(None, status(0), jumped)));
    }
}

#[test]
fn a_status_reads_as_the_kinds_define_it() {
    let body = serde_json::to_value(dated(None, status(2), wall(0))).unwrap();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": 1,
               "lastTransitionTime": "1970-01-01T00:00:00Z"})
    };
    let expected = json!({
        "observedGeneration": 1,
        "conditions": [
            condition("Accepted", "True", "Accepted", ""),
            condition("Programmed", "False", "Pending", "2 of 3"),
            condition("Conflicted", "False", "NoConflict", ""),
        ],
        "nodes": {"programmed": 2, "desired": 3},
        "programmed": "2/3",
        "workloadsSelected": 7,
    });
    assert_eq!(body, expected);
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let (early, late) = (dated(None, status(2), wall(1)), dated(None, status(2), wall(2)));
    assert!(is_same_content(&early, &late));
    assert!(!is_same_content(&early, &dated(None, status(3), wall(1))));
}

/// Reasons and notes of the Events for a change of status.
fn events_of(former: Option<&PolicyStatus>, now: &PolicyStatus) -> Vec<(&'static str, String)> {
    let news = news(&key("a"), "u", "7", former, now);
    assert!(news.iter().all(|warning| warning.occasion == "7" && warning.uid == "u"));
    news.into_iter().map(|warning| (warning.reason, warning.note)).collect()
}

#[test]
fn people_hear_of_each_turn_for_the_worse_and_of_nothing_else() {
    let odd = vec![("Invalid", "spec.selector: odd".to_owned())];
    assert_eq!(events_of(None, &refused()), odd);
    assert_eq!(events_of(Some(&status(0)), &refused()), odd);
    assert_eq!(events_of(Some(&refused()), &refused()), []);
    assert_eq!(events_of(Some(&refused()), &status(0)), []);
    assert_eq!(events_of(None, &status(3)), []);
    let otherwise = refused_because("Invalid", "spec.tags: odd");
    assert_eq!(events_of(Some(&refused()), &otherwise), [("Invalid", "spec.tags: odd".to_owned())]);
    let over = refused_because("NamespaceBudgetExceeded", "no room");
    assert_eq!(events_of(Some(&refused()), &over), [("NamespaceBudgetExceeded", "no room".to_owned())]);
}

#[test]
fn a_conflict_and_a_warning_are_reported_together() {
    let accepted = ("Accepted", "True", "AcceptedWithWarnings", "spec.overrides: changes source_cluster");
    let conflicted = ("Conflicted", "True", "Conflicted", "spec.seriesSets: older");
    let now = of(3, [accepted, ("Programmed", "False", "Pending", "3 of 3"), conflicted]);
    let lines = events_of(Some(&status(3)), &now);
    assert_eq!(lines.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), ["AcceptedWithWarnings", "Conflicted"]);
    let lines: Vec<String> = lines.iter().map(|(reason, note)| line(&key("a"), reason, note)).collect();
    let expected = [
        "TelemetryPolicy shop/a: spec.overrides: changes source_cluster",
        "TelemetryPolicy shop/a is overridden in part: spec.seriesSets: older",
    ];
    assert_eq!(lines, expected);
}
