use super::moved;

#[test]
fn a_pass_that_comes_sooner_is_due_now_at_the_earliest() {
    assert_eq!(moved(100, 60, 50), 60);
    assert_eq!(moved(100, 20, 50), 50);
}

#[test]
fn a_pass_that_is_overdue_stays_as_late_as_it_is() {
    assert_eq!(moved(100, 20, 130), 100);
}

#[test]
fn a_pass_that_comes_later_is_due_then() {
    assert_eq!(moved(100, 140, 50), 140);
    assert_eq!(moved(100, 140, 130), 140);
}
