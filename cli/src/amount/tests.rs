use super::*;
use rstest::rstest;

#[rstest]
#[case(0, "0 B")]
#[case(999, "999 B")]
#[case(1_000, "1.0 kB")]
#[case(1_234, "1.2 kB")]
#[case(99_999, "99.9 kB")]
#[case(123_456, "123 kB")]
#[case(12_345_678, "12.3 MB")]
#[case(u64::MAX, "18.4 EB")]
fn bytes_have_units(#[case] number: u64, #[case] expected: &str) {
    assert_eq!(bytes(number), expected);
}

#[rstest]
#[case(0, "0 ms")]
#[case(999, "999 ms")]
#[case(2_780, "2.7 s")]
#[case(59_999, "59.9 s")]
#[case(61_000, "1m1s")]
#[case(3_600_000, "1h0m")]
#[case(90_000_000, "1d1h")]
fn durations_have_units(#[case] milliseconds: u64, #[case] expected: &str) {
    assert_eq!(duration(milliseconds), expected);
}

#[test]
fn one_is_not_many() {
    assert_eq!([0, 1, 2].map(|number| counted(number, "line")), ["0 lines", "1 line", "2 lines"]);
}
