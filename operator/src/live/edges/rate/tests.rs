use super::Rate;
use crate::live::merge::Directions;
use std::time::{Duration, Instant};

fn of(from_source: u64) -> Directions {
    Directions { from_source, from_destination: 0 }
}

#[test]
fn it_is_what_came_in_the_last_five_seconds() {
    let now = Instant::now();
    let at = |millis| now + Duration::from_millis(millis);
    let mut rate = Rate::new(now);
    // Less than a second says no more than a second.
    assert_eq!(rate.turn(of(100), at(100)), of(100));
    let seconds: Vec<_> = (1..=8).map(|second| rate.turn(of(100 * second), at(1_000 * second)).from_source).collect();
    assert_eq!(seconds, [100; 8]);
    assert_eq!(rate.0.len(), 6);
    let after: Vec<_> = (9..=14).map(|second| rate.turn(of(800), at(1_000 * second)).from_source).collect();
    assert_eq!(after, [80, 60, 40, 20, 0, 0]);
}
