use super::body::{Written, says_the_same};
use super::news::news;
use super::plan::{Outcome, Plan, Write};
use super::{Condition, Report, Status, Truth};
use crate::source::object::{Key, Kind, Name};
use k8s_openapi::jiff::Timestamp;
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

fn condition(is_so: bool, reason: &str, message: &str) -> Condition {
    Condition { status: is_so.into(), reason: reason.to_owned(), message: message.to_owned() }
}

/// Accepted, on so many of three nodes.
fn status(nodes: u32) -> Status {
    Status {
        observed_generation: 1,
        accepted: condition(true, "Accepted", ""),
        programmed: condition(false, "Pending", &format!("{nodes} of 3")),
        conflicted: condition(false, "NoConflict", ""),
        programmed_nodes: nodes,
        desired_nodes: 3,
        workloads: 7,
    }
}

fn refused() -> Status {
    Status { accepted: condition(false, "Invalid", "spec.selector: odd"), ..status(0) }
}

fn key(name: &str) -> Key {
    Key { kind: Kind::TelemetryPolicy, name: Name::new("shop", name) }
}

fn report(uid: &str, status: Status) -> Option<Report> {
    Some(Report { uid: uid.to_owned(), status })
}

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn wall(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn written(status: &Status) -> Outcome {
    Outcome::Written(Box::new(Written::over(None, status.clone(), wall(0))))
}

fn statuses(writes: &[Write]) -> Vec<&Status> {
    writes.iter().map(|write| &write.status).collect()
}

/// One object whose status was written at zero.
fn plan(status: &Status) -> Plan {
    let mut plan = Plan::default();
    plan.want(key("a"), report("u", status.clone()));
    assert_eq!(statuses(&plan.due(at(0), 4)), [status]);
    plan.done(&key("a"), "u", written(status), at(0));
    plan
}

#[rstest]
#[case::nothing_new(status(1), None)]
#[case::figures_alone(status(2), Some(5000))]
#[case::a_condition_turns(refused(), Some(200))]
#[case::another_edit_was_seen(Status { observed_generation: 2, ..status(1) }, Some(200))]
#[case::only_a_message(Status { programmed: condition(false, "Pending", "n2 lags"), ..status(1) }, Some(5000))]
#[case::another_reason(Status { programmed: condition(false, "Rejected", "1 of 3"), ..status(1) }, Some(200))]
fn a_changed_condition_is_written_at_once_and_changed_numbers_later(#[case] wanted: Status, #[case] due: Option<u64>) {
    let mut plan = plan(&status(1));
    plan.want(key("a"), report("u", wanted.clone()));
    assert_eq!(plan.next(), due.map(at));
    if let Some(due) = due {
        assert_eq!(plan.due(at(due - 1), 4), []);
        assert_eq!(statuses(&plan.due(at(due), 4)), [&wanted]);
        // It is being done.
        assert_eq!((plan.due(at(due), 4), plan.next()), (vec![], None));
    }
}

#[test]
fn what_changes_meanwhile_is_written_once_in_its_latest_form() {
    let mut plan = plan(&status(0));
    plan.want(key("a"), report("u", refused()));
    let [write] = plan.due(at(200), 4).try_into().unwrap();
    for nodes in 1..4 {
        plan.want(key("a"), report("u", status(nodes)));
    }
    assert_eq!(plan.due(at(300), 4), []);
    plan.done(&write.key, &write.uid, written(&write.status), at(300));
    assert_eq!(statuses(&plan.due(at(500), 4)), [&status(3)]);
}

#[test]
fn so_many_at_a_time() {
    let mut plan = Plan::default();
    for name in ["a", "b", "c"] {
        plan.want(key(name), report("u", status(0)));
    }
    assert_eq!([plan.due(at(0), 2).len(), plan.due(at(0), 2).len(), plan.due(at(0), 2).len()], [2, 1, 0]);
}

#[test]
fn an_api_server_that_is_away_is_asked_less_and_less_and_then_what_is_there() {
    let mut plan = plan(&status(0));
    plan.want(key("a"), report("u", status(1)));
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
    plan.want(key("a"), None);
    plan.want(key("b"), report("u", status(0)));
    assert_eq!(plan.due(at(0), 4).len(), 1);
    plan.done(&key("b"), "u", Outcome::Gone, at(0));
    assert_eq!(plan.next(), None);
}

#[test]
fn a_recreated_object_is_another_object() {
    let mut plan = plan(&status(0));
    plan.want(key("a"), report("u", status(1)));
    assert_eq!(plan.due(at(5000), 4).len(), 1);
    plan.want(key("a"), report("v", status(0)));
    // What becomes of the write about the former is not about this one.
    plan.done(&key("a"), "u", Outcome::Gone, at(5001));
    let [write] = plan.due(at(5001), 4).try_into().unwrap();
    assert_eq!((write.uid.as_str(), write.former), ("v", None));
}

#[test]
fn a_condition_keeps_its_time_until_it_turns() {
    let first = Written::over(None, status(0), wall(1));
    assert_eq!(first.since, [wall(1); 3]);
    let reworded = Status { programmed: condition(false, "Rejected", "odd"), ..status(2) };
    let second = Written::over(Some(&first.body()), reworded, wall(2));
    assert_eq!(second.since, [wall(1); 3]);
    let done = Status { programmed: condition(true, "Programmed", ""), ..status(3) };
    let third = Written::over(Some(&second.body()), done.clone(), wall(3));
    assert_eq!(third.since, [wall(1), wall(3), wall(1)]);
    let lost = Status { programmed: Condition { status: Truth::Unknown, ..done.programmed.clone() }, ..done };
    assert_eq!(Written::over(Some(&third.body()), lost, wall(4)).since, [wall(1), wall(4), wall(1)]);
}

#[test]
fn a_clock_that_jumps_dates_what_turns_and_nothing_else() {
    let first = Written::over(None, status(0), wall(10_000));
    for jumped in [wall(6_400), wall(13_600)] {
        let done = Status { programmed: condition(true, "Programmed", ""), ..status(3) };
        let second = Written::over(Some(&first.body()), done, jumped);
        assert_eq!(second.since, [wall(10_000), jumped, wall(10_000)]);
        assert!(says_the_same(&first.body(), &Written::over(None, status(0), jumped).body()));
    }
}

#[test]
fn a_status_reads_as_the_kinds_define_it() {
    let body = serde_json::to_value(Written::over(None, status(2), wall(0)).body()).unwrap();
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
    let (early, late) =
        (Written::over(None, status(2), wall(1)).body(), Written::over(None, status(2), wall(2)).body());
    assert!(says_the_same(&early, &late));
    assert!(!says_the_same(&early, &Written::over(None, status(3), wall(1)).body()));
}

/// Reasons and notes of what people hear of when a status takes another one's place.
fn heard(former: Option<Status>, now: &Status) -> Vec<(&'static str, String)> {
    let former = former.map(|former| Written::over(None, former, wall(0)).body());
    let news = news(&key("a"), "u", "7", former.as_ref(), now);
    assert!(news.iter().all(|warning| warning.occasion == "7" && warning.uid == "u"));
    news.into_iter().map(|warning| (warning.reason, warning.note)).collect()
}

#[test]
fn people_hear_of_each_turn_for_the_worse_and_of_nothing_else() {
    let odd = vec![("Invalid", "spec.selector: odd".to_owned())];
    assert_eq!(heard(None, &refused()), odd);
    assert_eq!(heard(Some(status(0)), &refused()), odd);
    assert_eq!(heard(Some(refused()), &refused()), []);
    assert_eq!(heard(Some(refused()), &status(0)), []);
    assert_eq!(heard(None, &status(3)), []);
    let otherwise = Status { accepted: condition(false, "Invalid", "spec.tags: odd"), ..refused() };
    assert_eq!(heard(Some(refused()), &otherwise), [("Invalid", "spec.tags: odd".to_owned())]);
    let over = Status { accepted: condition(false, "NamespaceBudgetExceeded", "no room"), ..refused() };
    assert_eq!(heard(Some(refused()), &over), [("NamespaceBudgetExceeded", "no room".to_owned())]);
}

#[test]
fn a_conflict_and_a_warning_are_reported_together() {
    let accepted = condition(true, "AcceptedWithWarnings", "spec.overrides: changes source_cluster");
    let conflicted = condition(true, "Conflicted", "spec.seriesSets: older");
    let now = Status { accepted, conflicted, ..status(3) };
    let lines = heard(Some(status(3)), &now);
    assert_eq!(lines.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), ["AcceptedWithWarnings", "Conflicted"]);
    let lines: Vec<String> = lines.iter().map(|(reason, note)| super::line(&key("a"), reason, note)).collect();
    let expected = [
        "TelemetryPolicy shop/a: spec.overrides: changes source_cluster",
        "TelemetryPolicy shop/a is overridden in part: spec.seriesSets: older",
    ];
    assert_eq!(lines, expected);
}
