use super::{Assigned, Defined, Exhausted, MAX_REFS};
use std::sync::Arc;

fn assign(assigned: &mut Assigned<String>, value: &str) -> Result<(u32, bool), Exhausted> {
    assigned.assign(&Arc::new(value.to_owned()))
}

#[test]
fn a_value_is_defined_at_its_first_use_alone() {
    let mut assigned = Assigned::new(MAX_REFS);
    assigned.start_message();
    assert_eq!(assign(&mut assigned, "a"), Ok((1, true)));
    assert_eq!(assign(&mut assigned, "b"), Ok((2, true)));
    assert_eq!(assign(&mut assigned, "a"), Ok((1, false)));
    assigned.start_message();
    assert_eq!(assign(&mut assigned, "b"), Ok((2, false)));
}

#[test]
fn the_oldest_reference_is_evicted_and_defined_again_on_its_next_use() {
    let mut assigned = Assigned::new(2);
    for (value, expected) in [("a", (1, true)), ("b", (2, true)), ("c", (1, true)), ("a", (2, true)), ("c", (1, false))]
    {
        assigned.start_message();
        assert_eq!(assign(&mut assigned, value), Ok(expected), "{value}");
    }
}

#[test]
fn what_this_message_uses_does_not_give_way() {
    let mut assigned = Assigned::new(2);
    assigned.start_message();
    assert_eq!(assign(&mut assigned, "a"), Ok((1, true)));
    assert_eq!(assign(&mut assigned, "b"), Ok((2, true)));
    assigned.start_message();
    assert_eq!(assign(&mut assigned, "a"), Ok((1, false)));
    assert_eq!(assign(&mut assigned, "c"), Ok((2, true)));
    assert_eq!(assign(&mut assigned, "d"), Err(Exhausted));
    assigned.start_message();
    assert_eq!(assign(&mut assigned, "d"), Ok((1, true)));
}

#[test]
fn references_are_those_that_a_sender_may_use() {
    let mut defined = Defined::new();
    assert_eq!(defined.define(0, "zero"), None);
    assert_eq!(defined.define(MAX_REFS + 1, "beyond"), None);
    assert_eq!(defined.define(MAX_REFS, "last"), Some(()));
    assert_eq!(defined.get(MAX_REFS), Some(&Arc::new("last")));
    assert_eq!(defined.define(MAX_REFS, "newer"), Some(()));
    assert_eq!(defined.get(MAX_REFS), Some(&Arc::new("newer")));
    assert_eq!((defined.get(0), defined.get(1)), (None, None));
}
