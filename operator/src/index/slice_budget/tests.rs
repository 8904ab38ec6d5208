use super::*;

const THIRD: usize = MAX_NAMESPACE_SLICE_BYTES / 3;

fn rank(created: UnixNanos) -> Rank {
    (created, format!("s{created}"))
}

fn budget_of(created: &[UnixNanos]) -> SliceBudget {
    let mut budget = SliceBudget::default();
    for created in created {
        budget.put(&rank(*created), THIRD);
    }
    budget
}

fn having(budget: &SliceBudget) -> Vec<UnixNanos> {
    budget.all.keys().filter(|rank| budget.has_room(rank)).map(|rank| rank.0).collect()
}

#[test]
fn the_oldest_have_room_whatever_order_they_come_in() {
    for order in [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [4, 1, 5, 3, 2]] {
        let budget = budget_of(&order);
        assert_eq!((having(&budget), budget.refused(), budget.taken), (vec![1, 2, 3], 2, 3 * THIRD), "{order:?}");
    }
}

#[test]
fn an_older_one_takes_the_room_of_the_youngest() {
    let mut budget = budget_of(&[2, 3, 4, 5]);
    assert_eq!(budget.put(&rank(1), THIRD), Settled { lost: vec![rank(4)], won: false });
    assert_eq!(having(&budget), [1, 2, 3]);
}

#[test]
fn what_goes_or_shrinks_leaves_its_room_to_the_next() {
    let mut budget = budget_of(&[1, 2, 3, 4, 5, 6]);
    assert!(budget.remove(&rank(2)));
    assert_eq!(having(&budget), [1, 3, 4]);
    assert!(!budget.remove(&rank(6)), "it had none");
    assert_eq!(budget.put(&rank(1), 1), Settled { lost: vec![], won: true });
    assert_eq!((having(&budget), budget.refused()), (vec![1, 3, 4, 5], 0));
}

#[test]
fn one_that_grows_too_large_has_no_room_and_none_after_it() {
    let mut budget = budget_of(&[1, 2, 3]);
    assert_eq!(budget.put(&rank(2), 3 * THIRD), Settled { lost: vec![rank(3)], won: false });
    assert_eq!((having(&budget), budget.refused(), budget.taken), (vec![1], 2, THIRD));
    assert_eq!(budget.put(&rank(2), THIRD), Settled { lost: vec![], won: true });
    assert_eq!(having(&budget), [1, 2, 3]);
    for created in 1..=3 {
        budget.remove(&rank(created));
    }
    assert!(budget.is_empty() && budget.taken == 0 && budget.count == 0, "{budget:?}");
}
