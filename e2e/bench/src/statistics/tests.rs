use super::{median, quantile, spread};

#[test]
fn a_median_is_the_middle_whatever_the_order() {
    assert_eq!(median(&[9.0, 1.0, 4.0]), 4.0);
    assert_eq!(median(&[4.0, 1.0]), 2.5);
    assert_eq!(median(&[]), 0.0);
}

#[test]
fn a_spread_is_the_middle_half_over_the_median() {
    let values = [1.0, 2.0, 3.0, 4.0, 5.0];
    assert_eq!((quantile(&values, 0.25), quantile(&values, 0.75)), (2.0, 4.0));
    assert_eq!(spread(&values), 2.0 / 3.0);
    assert_eq!(spread(&[7.0]), 0.0);
    assert_eq!(spread(&[]), 0.0);
}
