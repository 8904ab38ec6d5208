//! Times, in each of their forms.

use crate::access_log::moment::{Moment, Second};
use longwire_model::identity::UnixNanos;
use rstest::rstest;

fn written(time: UnixNanos, write: impl FnOnce(Moment<'_>, &mut Vec<u8>)) -> String {
    let (mut second, mut to) = (Second::default(), b"x".to_vec());
    write(second.at(time), &mut to);
    String::from_utf8(to).unwrap().strip_prefix('x').unwrap().to_owned()
}

#[rstest]
#[case::the_first(0, "1970-01-01T00:00:00.000000Z")]
#[case::a_nanosecond_before_a_second(1_999_999_999, "1970-01-01T00:00:01.999999Z")]
#[case::a_leap_day(1_709_251_199_000_001_000, "2024-02-29T23:59:59.000001Z")]
#[case::the_day_after_it(1_709_251_200_000_000_999, "2024-03-01T00:00:00.000000Z")]
#[case::no_leap_day_in_2100(4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000Z")]
#[case::the_last(u64::MAX, "2554-07-21T23:34:33.709551Z")]
fn rfc_3339_is_cut_off_at_microseconds(#[case] time: UnixNanos, #[case] expected: &str) {
    assert_eq!(written(time, |moment, to| moment.write_rfc3339(6, to)), expected);
}

#[rstest]
#[case::none(0, "1796132400")]
#[case::one(1, "1796132400.0")]
#[case::three(3, "1796132400.012")]
#[case::nine(9, "1796132400.012345678")]
fn seconds_have_as_many_digits_as_wanted(#[case] digits: u8, #[case] expected: &str) {
    assert_eq!(written(1_796_132_400_012_345_678, |moment, to| moment.write_unix(digits, to)), expected);
}

#[rstest]
#[case::all_digits(1_746_675_514_201_259_611, "2025-05-08 03:38:34.201259611 +0000 UTC")]
#[case::no_zeros_at_the_end(1_746_675_514_200_000_000, "2025-05-08 03:38:34.2 +0000 UTC")]
#[case::zeros_inside(1_746_675_514_000_000_010, "2025-05-08 03:38:34.00000001 +0000 UTC")]
#[case::no_fraction(1_746_675_510_000_000_000, "2025-05-08 03:38:30 +0000 UTC")]
fn go_leaves_out_zeros_at_the_end(#[case] time: UnixNanos, #[case] expected: &str) {
    assert_eq!(written(time, |moment, to| moment.write_go(to)), expected);
}

#[test]
fn a_second_that_was_rendered_is_not_another_ones() {
    let mut second = Second::default();
    let mut text = |time| {
        let mut to = Vec::new();
        second.at(time).write_rfc3339(3, &mut to);
        String::from_utf8(to).unwrap()
    };
    assert_eq!(text(1_796_132_400_999_000_000), "2026-12-01T13:40:00.999Z");
    assert_eq!(text(1_796_132_400_001_000_000), "2026-12-01T13:40:00.001Z");
    assert_eq!(text(1_796_132_401_000_000_000), "2026-12-01T13:40:01.000Z");
    assert_eq!(text(1_796_132_399_000_000_000), "2026-12-01T13:39:59.000Z");
    assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
}
