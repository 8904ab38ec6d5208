use super::{Budget, Settled};
use crate::source::object::{Key, Kind, Name};
use longwire_model::limits::MAX_NAMESPACE_BYTES;

const QUARTER: usize = MAX_NAMESPACE_BYTES / 4;

fn key(name: &str) -> Key {
    Key { kind: Kind::TelemetryPolicy, name: Name::new("shop", name) }
}

fn settled(lost: &[&str], won: &[&str]) -> Settled {
    let keys = |names: &[&str]| names.iter().map(|name| key(name)).collect();
    Settled { lost: keys(lost), won: keys(won) }
}

/// Four that fill the namespace, created one after the other.
fn full() -> Budget {
    let mut budget = Budget::default();
    for (created, name) in (1..).zip(["a", "b", "c", "d"]) {
        assert_eq!(budget.put(&key(name), created, QUARTER), Settled::default());
        assert!(budget.has_room(&key(name), created));
    }
    budget
}

#[test]
fn a_new_object_never_pushes_out_an_older_one() {
    let mut budget = full();
    assert_eq!(budget.put(&key("0"), 5, 1), settled(&["0"], &[]));
    assert!(!budget.has_room(&key("0"), 5));
}

#[test]
fn what_an_older_object_leaves_goes_to_those_that_waited() {
    let mut budget = full();
    budget.put(&key("e"), 5, QUARTER);
    budget.put(&key("f"), 6, 1);
    assert_eq!(budget.remove(&key("b"), 2), settled(&[], &["e"]));
    assert_eq!(budget.put(&key("a"), 1, QUARTER - 1), settled(&[], &["f"]));
}

#[test]
fn an_older_object_that_grows_takes_the_place_of_the_newest() {
    let mut budget = full();
    assert_eq!(budget.put(&key("a"), 1, QUARTER + 1), settled(&["d"], &[]));
}

#[test]
fn of_two_that_are_equally_old_the_first_by_name_has_room() {
    let mut budget = Budget::default();
    assert_eq!(budget.put(&key("b"), 0, MAX_NAMESPACE_BYTES), Settled::default());
    assert_eq!(budget.put(&key("a"), 0, MAX_NAMESPACE_BYTES), settled(&["b"], &[]));
    assert!(budget.has_room(&key("a"), 0));
}

#[test]
fn an_object_that_is_sent_again_changes_nothing() {
    let mut budget = full();
    budget.put(&key("e"), 5, 1);
    assert_eq!(budget.put(&key("e"), 5, 1), Settled::default());
    assert_eq!(budget.put(&key("a"), 1, QUARTER), Settled::default());
}
