use super::event;
use super::queue::Queue;
use crate::index::warning::{On, Warning};
use crate::source::sample::log_of;
use k8s_openapi::jiff::Timestamp;
use rstest::rstest;

fn warning(uid: &str, note: &str) -> Warning {
    Warning {
        on: On::Pod,
        namespace: "shop".to_owned(),
        name: "web-1".to_owned(),
        uid: uid.to_owned(),
        reason: "InvalidAnnotation",
        note: note.to_owned(),
        occasion: String::new(),
    }
}

fn send_all(queue: &mut Queue) -> Vec<String> {
    let mut sent = Vec::new();
    while let Some(warning) = queue.next() {
        queue.sent(&warning);
        sent.push(format!("{} {}", warning.uid, warning.note));
    }
    sent
}

#[test]
fn a_warning_is_sent_once_until_its_text_or_its_pod_changes() {
    let mut queue = Queue::default();
    for (uid, note) in [("a", "x"), ("a", "x"), ("a", "y"), ("b", "x")] {
        queue.take(warning(uid, note));
    }
    assert_eq!(send_all(&mut queue), ["a x", "a y", "b x"]);
    queue.take(warning("a", "x"));
    assert!(!queue.waits());
}

#[test]
fn a_warning_that_could_not_be_sent_waits() {
    let mut queue = Queue::default();
    queue.take(warning("a", "x"));
    assert_eq!(queue.next(), queue.next());
    assert!(queue.waits());
}

#[test]
fn the_oldest_events_are_dropped_when_too_many_wait_and_one_line_is_logged() {
    let mut queue = Queue::default();
    let ((), lines) = log_of(|| (0..4097).for_each(|number| queue.take(warning("a", &number.to_string()))));
    assert_eq!(lines, ["WARN 1 Events were dropped: more than 4096 waited"]);
    let sent = send_all(&mut queue);
    assert_eq!((sent.len(), sent[0].as_str(), sent[4095].as_str()), (4096, "a 1", "a 4096"));
    // It has been forgotten, so that it may be sent after all.
    queue.take(warning("a", "0"));
    assert_eq!(send_all(&mut queue), ["a 0"]);
}

#[test]
fn an_event_has_a_name_that_every_replica_gives_it() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let (first, second) = (event(&warning("a", "x"), "one", at(1)), event(&warning("a", "x"), "two", at(2)));
    assert_eq!(first.metadata.name, second.metadata.name);
    assert_ne!(first.metadata.name, event(&warning("a", "y"), "one", at(1)).metadata.name);
    assert!(first.metadata.name.unwrap().starts_with("web-1."));
    let pod = first.regarding.unwrap();
    assert_eq!((pod.kind.as_deref(), pod.uid.as_deref()), (Some("Pod"), Some("a")));
}

#[test]
fn an_event_on_a_slice_names_it_as_the_api_server_does() {
    let warning = Warning { on: On::EndpointSlice, ..warning("a", "x") };
    let slice = event(&warning, "one", Timestamp::UNIX_EPOCH).regarding.unwrap();
    assert_eq!(slice.api_version.as_deref(), Some("discovery.k8s.io/v1"));
    assert_eq!((slice.kind.as_deref(), slice.name.as_deref()), (Some("EndpointSlice"), Some("web-1")));
}

#[test]
fn what_turns_again_is_another_event() {
    let again = Warning { occasion: "17".to_owned(), ..warning("a", "x") };
    let name = |warning: &Warning| event(warning, "one", Timestamp::UNIX_EPOCH).metadata.name;
    assert_ne!(name(&again), name(&warning("a", "x")));
}

#[test]
fn an_event_on_a_namespace_is_in_it_where_its_people_look() {
    let warning = Warning { on: On::Namespace, name: "shop".to_owned(), ..warning("a", "x") };
    assert_eq!(warning.to_string(), "Namespace shop: x");
    let event = event(&warning, "one", Timestamp::UNIX_EPOCH);
    let namespace = event.regarding.unwrap();
    assert_eq!((namespace.kind.as_deref(), namespace.name.as_deref()), (Some("Namespace"), Some("shop")));
    // The API server takes an Event only where both say the same.
    assert_eq!((event.metadata.namespace.as_deref(), namespace.namespace.as_deref()), (Some("shop"), Some("shop")));
}

#[rstest]
#[case::as_it_is("web-1", 5)]
#[case::as_long_as_a_name_may_be(&"a".repeat(253), 236)]
#[case::cut_at_a_dash(&format!("{}-{}", "a".repeat(235), "b".repeat(17)), 235)]
fn a_name_stays_one(#[case] pod: &str, #[case] stem: usize) {
    let warning = Warning { name: pod.to_owned(), ..warning("a", "x") };
    let name = event(&warning, "one", Timestamp::UNIX_EPOCH).metadata.name.unwrap();
    assert_eq!(name.len(), stem + 17);
}

#[test]
fn a_note_is_cut_at_a_character() {
    let note = event(&warning("a", &"é".repeat(600)), "one", Timestamp::UNIX_EPOCH).note.unwrap();
    assert_eq!(note, "é".repeat(512));
}
