use super::*;
use serde_json::{Value, json};

fn connection(name: &str, phase: &str, second: u32) -> Connection {
    let time = format!("2026-12-01T12:00:{second:02}.000000Z");
    let ended = if phase == "Open" { Value::Null } else { time.clone().into() };
    serde_json::from_value(json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Connection", "metadata": {"name": name}, "spec": {},
        "status": {"phase": phase, "startTime": time, "endTime": ended},
    }))
    .unwrap()
}

fn micros(second: u32) -> Micros {
    time(connection("any", "Closed", second).status.as_ref().unwrap(), What::Close).unwrap()
}

/// Of what happens from second 10 on.
fn stages() -> Stages {
    Stages::new(micros(10), micros(10))
}

fn what(stages: &mut Stages, name: &str, phase: &str, second: u32) -> Option<What> {
    stages.take(&connection(name, phase, second)).map(|(what, _)| what)
}

#[test]
fn each_stage_is_news_once() {
    let mut stages = stages();
    let mut next = |phase| what(&mut stages, "a", phase, 12);
    assert_eq!(next("Open"), Some(What::Open));
    assert_eq!(next("Open"), None);
    assert_eq!(next("Closed"), Some(What::Close));
    assert_eq!(next("Closed"), None);
    assert_eq!(what(&mut stages, "b", "Failed", 12), Some(What::Fail));
    // It has the time of what happened.
    assert_eq!(stages.take(&connection("c", "Closed", 30)), Some((What::Close, Some(micros(30)))));
}

#[test]
fn what_happened_before_is_no_news() {
    let mut stages = stages();
    assert_eq!(what(&mut stages, "a", "Open", 5), None);
    assert_eq!(what(&mut stages, "b", "Closed", 9), None);
    // But its end is.
    assert_eq!(what(&mut stages, "a", "Closed", 11), Some(What::Close));
    let mut unknown = connection("c", "Open", 12);
    unknown.status.as_mut().unwrap().start_time = None;
    assert_eq!(stages.take(&unknown), None);
}

#[test]
fn an_end_without_a_time_has_that_of_the_last_reading() {
    let mut stages = stages();
    let mut ended = connection("a", "Failed", 20);
    let status = ended.status.as_mut().unwrap();
    (status.observed_time, status.end_time) = (status.end_time.take(), None);
    assert_eq!(stages.take(&ended), Some((What::Fail, Some(micros(20)))));
}

#[test]
fn what_comes_again_after_it_had_gone_is_known() {
    let mut stages = stages();
    for _ in 0..3 {
        what(&mut stages, "a", "Open", 12);
        stages.gone(&connection("a", "Open", 12));
    }
    assert_eq!(what(&mut stages, "a", "Open", 12), None);
    assert_eq!(what(&mut stages, "a", "Closed", 13), Some(What::Close));
    stages.gone(&connection("a", "Closed", 13));
    assert_eq!(what(&mut stages, "a", "Closed", 13), None);
    assert_eq!(stages.over.len(), 1);
}

#[test]
fn memory_is_bounded_and_those_that_are_open_are_forgotten_last() {
    let mut stages = Stages { most: 3, ..stages() };
    what(&mut stages, "old", "Open", 11);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(what(&mut stages, name, "Closed", 12), Some(What::Close));
    }
    assert_eq!((stages.known.len(), stages.over.len()), (3, 2));
    assert_eq!(what(&mut stages, "old", "Open", 11), None);
    what(&mut stages, "e", "Open", 11);
    what(&mut stages, "f", "Open", 11);
    // All three are open.
    assert_eq!((what(&mut stages, "g", "Open", 13), stages.left_out), (None, 1));
}
