use super::{Candidates, Rank};

const SECOND: u64 = 1_000_000_000;

fn best(room: usize, offered: &[(u64, u64, u64)]) -> Vec<u64> {
    let mut candidates = Candidates::default();
    candidates.begin(room);
    for (id, age, bytes) in offered {
        candidates.offer(Rank::new(*id, age * SECOND, *bytes));
    }
    candidates.take()
}

#[test]
fn the_longest_lived_come_first_and_of_about_the_same_age_the_busiest() {
    let offered = [(1, 10, 500), (2, 12, 900), (3, 3_600, 0), (4, 40, 1), (5, 11, 700), (6, 33, 2)];
    assert_eq!(best(10, &offered), [3, 6, 4, 2, 5, 1]);
    assert_eq!(best(4, &offered), [3, 6, 4, 2]);
    assert_eq!(best(0, &offered), [0; 0]);
}

#[test]
fn the_order_in_which_they_are_offered_changes_nothing() {
    let mut offered = [(1, 10, 5), (2, 10, 5), (3, 10, 5), (4, 10, 5)];
    for _ in 0..4 {
        offered.rotate_left(1);
        assert_eq!(best(2, &offered), [1, 2]);
    }
}

#[test]
fn no_candidate_is_chosen_between_two_passes() {
    let mut candidates = Candidates::default();
    assert!(!candidates.are_wanted());
    candidates.begin(1);
    assert!(candidates.are_wanted());
    candidates.offer(Rank::new(1, 0, 0));
    assert_eq!(candidates.take(), [1]);
    assert!(!candidates.are_wanted() && candidates.take().is_empty());
}
