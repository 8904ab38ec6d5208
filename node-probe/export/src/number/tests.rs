use super::{write_seconds, write_signed, write_unsigned};
use rstest::rstest;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = b"x".to_vec();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn integers_are_exact_to_the_last_digit() {
    for number in [0, 1, 9, 10, 99, 100, 9_007_199_254_740_993, u64::MAX / 10, u64::MAX] {
        assert_eq!(written(|out| write_unsigned(number, out)), format!("x{number}"));
    }
    for number in [i64::MIN, -10, -1, 0, 1, i64::MAX] {
        assert_eq!(written(|out| write_signed(number, out)), format!("x{number}"));
    }
}

#[rstest]
#[case::nothing(0, 0, "x0")]
#[case::whole(10, 0, "x10")]
#[case::all_digits(1, 234_567_891, "x1.234567891")]
#[case::one_nanosecond(0, 1, "x0.000000001")]
#[case::no_zeros_at_the_end(100, 500_000_000, "x100.5")]
#[case::zeros_inside(7, 40_050_000, "x7.04005")]
fn seconds_are_exact_to_the_nanosecond(#[case] seconds: u64, #[case] nanoseconds: u32, #[case] expected: &str) {
    assert_eq!(written(|out| write_seconds((seconds, nanoseconds), out)), expected);
}
