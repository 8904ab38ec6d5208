use super::*;

#[test]
fn a_warning_says_how_many_answered() {
    assert_eq!(of_warning("1 of 10 nodes did not answer: n3"), Some((9, 10)));
    assert_eq!(of_warning("11 of 10 nodes did not answer: n3"), None);
    assert_eq!(of_warning("there are more connections than the operator keeps: some are left out"), None);
}
